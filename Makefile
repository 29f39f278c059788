.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

FUZZTIME ?= 20s
BENCH ?= .
PKG ?= ./...
# A module of its own, as a stranger would have it.
CUSTOM := examples/custom-strategy
LINT := go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/authd, without cgo
	CGO_ENABLED=0 go build -trimpath -o bin/authd ./cmd/authd

.PHONY: test
test: ## run all tests under the race detector; installs what they need; a skipped test fails
	.ci/setup
	CGO_ENABLED=1 go run -C tools ./gotest -C .. -race -timeout=15m $(PKG)
	CGO_ENABLED=1 go run -C tools ./gotest -C ../$(CUSTOM) -race -timeout=15m ./...
	go test -C tools ./...
	go test -C tools/bench ./...
	$(MAKE) e2e
	$(MAKE) client
	$(MAKE) browser

.PHONY: e2e
e2e: ## run the tests against real directories and OpenID providers
	CGO_ENABLED=1 go run -C tools ./gotest -C e2e -race -timeout=10m ./...

.PHONY: client
client: ## build and test the npm package
	cd client && npm ci --no-audit --no-fund && npm run check && npm test

.PHONY: browser
browser: ## run the tests in a browser, with the npm package and the examples
	node tools/browser/run.mjs

.PHONY: lint
lint: ## run the linters and check the formatting
	$(LINT) run ./...
	cd $(CUSTOM) && $(LINT) run ./...
	cd tools && go tool golangci-lint run ./...
	cd tools/bench && $(LINT) run ./...
	cd tools/e2e && $(LINT) run ./...
	cd tools/browser/server && $(LINT) run ./...

.PHONY: generate
generate: ## write what is made of the code: the reference of keys and its JSON Schema
	go test ./config -run '^(TestReference|TestJSONSchema)$$' -update

.PHONY: fmt
fmt: ## format the code
	$(LINT) fmt ./...

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (20s)
	FUZZTIME=$(FUZZTIME) .ci/fuzz $(PKG)
	FUZZTIME=$(FUZZTIME) MODULE=$(CUSTOM) .ci/fuzz
	FUZZTIME=$(FUZZTIME) MODULE=tools/bench .ci/fuzz

.PHONY: bench
bench: ## measure the daemon against ceilings of the same run; writes docs/performance.md
	go run -C tools/bench . -C ../.. -out docs/performance.md

.PHONY: bench-go
bench-go: ## run the Go benchmarks, those that match BENCH
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)
	go test -C tools/e2e -run '^$$' -bench '$(BENCH)' ./...

.PHONY: cover
cover: ## run the tests and show how much of the code they reach
	go test -coverpkg=./... -coverprofile=coverage.out $(PKG)
	go tool cover -func=coverage.out | tail -n 1

# -e, because tidy also looks at the tests of our dependencies, which may need
# modules that are not to be had; what a build of ours needs, the build misses.
.PHONY: tidy-check
tidy-check: ## check that every go.mod is tidy
	for mod in $$(find . -name go.mod -not -path '*/node_modules/*'); do go -C "$$(dirname "$$mod")" mod tidy -e -diff; done
