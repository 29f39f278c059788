package httpapi

import (
	_ "embed" // for openapi.yaml
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/authd-go/authd/core"
)

//go:embed openapi.yaml
var openapiDocument string

// OpenAPI returns the document that describes the handler (OpenAPI 3.0, YAML).
func OpenAPI() []byte { return []byte(openapiDocument) }

// openapiMaxAge is how long the document may be cached: it changes with the binary only.
const openapiMaxAge = time.Hour

func (a *api) openapi(w http.ResponseWriter, _ *http.Request) error {
	writePublic(w, "application/yaml", openapiMaxAge, OpenAPI())
	return nil
}

func (a *api) jwks(w http.ResponseWriter, _ *http.Request) error {
	document, maxAge := a.Keys.JWKS()
	if len(document) == 0 {
		return core.Fail(core.Unavailable, "publish keys", nil)
	}
	writePublic(w, "application/jwk-set+json", maxAge, document)
	return nil
}

func writePublic(w http.ResponseWriter, contentType string, maxAge time.Duration, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", seconds(maxAge)))
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// metrics hands over to the counters' own page, if there is one.
func (a *api) metrics(w http.ResponseWriter, r *http.Request) error {
	if a.Metrics == nil {
		return errNotFound()
	}
	a.Metrics.ServeHTTP(w, r)
	return nil
}

// config answers with what was described at start, which holds strings and
// truth values only and so always encodes.
func (a *api) config(module string) handler {
	d := a.Describe
	d.Providers = append([]Provider{}, d.Providers...)
	d.Methods = append([]string{}, d.Methods...)
	d.OnError = append([]OnErrorRule{}, d.OnError...)
	body, err := json.Marshal(struct {
		Description
		Transports []Transport `json:"transports"`
		Client     string      `json:"client"`
	}{d, a.transports.names(), module})
	return func(w http.ResponseWriter, _ *http.Request) error {
		if err != nil {
			return core.Fail(core.Internal, "encode description", err)
		}
		writeJSON(w, http.StatusOK, nil, body)
		return nil
	}
}

// The words of health and readiness.
const (
	statusOK          = "ok"
	statusUnavailable = "unavailable"
)

func (a *api) health(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, nil, []byte(`{"status":"ok"}`))
	return nil
}

type readiness struct {
	Status string       `json:"status"`
	Checks []checkState `json:"checks"`
}

type checkState struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"` // a word of ours
}

// ready tells everybody which parts answer, and in a word of ours why one does
// not; only the log has the rest.
func (a *api) ready(w http.ResponseWriter, r *http.Request) error {
	answer, status := readiness{statusOK, []checkState{}}, http.StatusOK
	for _, c := range a.Ready(r.Context()) {
		state := checkState{Name: c.Name, Status: statusOK}
		if c.Err != nil {
			answer.Status, status = statusUnavailable, http.StatusServiceUnavailable
			state.Status, state.Reason = statusUnavailable, core.AsError(c.Err).Reason
			a.Log.WarnContext(r.Context(), "not ready", "check", c.Name, "error", c.Err, "requestId", factsOf(r).id)
		}
		answer.Checks = append(answer.Checks, state)
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return core.Fail(core.Internal, "encode readiness", err)
	}
	writeJSON(w, status, nil, body)
	return nil
}
