package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies"
)

// TestJSONSchema compares docs/authd.schema.json with the structs. With
// -update it writes the file.
func TestJSONSchema(t *testing.T) {
	text, err := config.JSONSchema(strategies.All())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/authd.schema.json", string(text))
}

// TestJSONSchemaDescribesEveryKey names the keys that an editor says nothing about.
func TestJSONSchemaDescribesEveryKey(t *testing.T) {
	described := 0
	var walk func(path string, s *jsonschema.Schema)
	walk = func(path string, s *jsonschema.Schema) {
		for key, property := range s.Properties {
			at := path + "/" + key
			if property.Description == "" {
				t.Errorf("%s has no description", at)
			}
			described++
			walk(at, property)
		}
		for _, branch := range s.AllOf {
			if branch.Then != nil {
				walk(path+"(if)", branch.Then.Ref)
			}
		}
		if items := s.Items2020; items != nil {
			walk(path+"[]", items)
		}
		if additional, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
			walk(path+"/*", additional)
		}
	}
	walk("", compiled(t, strategies.All()))
	if described < 80 {
		t.Errorf("only %d keys were looked at", described)
	}
}

func compiled(t testing.TB, kinds []core.Kind) *jsonschema.Schema {
	t.Helper()
	text, err := config.JSONSchema(kinds)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("authd.schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("authd.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asValue(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestJSONSchemaAccepts what Load accepts: the examples, the demo, every whole
// configuration in the documents, and the one of TestEverything.
func TestJSONSchemaAccepts(t *testing.T) {
	texts := map[string]string{}
	for _, pattern := range []string{"../examples/yaml/*.yaml", "../cmd/authd/demo.yaml"} {
		for _, file := range files(t, pattern) {
			texts[file] = read(t, file)
		}
	}
	fence := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../strategies/*/README.md", "../examples/*/README.md"} {
		for _, file := range files(t, pattern) {
			for _, m := range fence.FindAllStringSubmatch(read(t, file), -1) {
				if regexp.MustCompile(`type: *htpasswd`).MatchString(m[1]) {
					continue // a kind of another module's
				}
				texts[file+": "+strings.SplitN(m[1], "\n", 2)[0]] = m[1]
			}
		}
	}
	if len(texts) < 8 {
		t.Errorf("only %d configurations were found", len(texts))
	}
	s := compiled(t, strategies.All())
	for name, text := range texts {
		if err := s.Validate(asValue(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s = compiled(t, kinds())
	for _, text := range []string{everything, minimal, "", "server:\nsession:\nmessages:\n", "session: {refreshGrace: 0, accessTTL: '${env:TTL}', idleTTL: 1d12h, maxTTL: 1.5h}"} {
		if err := s.Validate(asValue(t, text)); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// TestJSONSchemaRefuses what no value of other keys could make right. Each
// file is one that Load has a golden report about.
func TestJSONSchemaRefuses(t *testing.T) {
	s := compiled(t, kinds())
	for _, name := range []string{
		"all-at-once", "design", "durations", "enums", "messages", "methods-wrong", "misspelt", "misspelt-block", "names",
		"not-a-block", "quoting", "secrets", "statuses", "strategies-wrong", "unknown-keys", "unknown-type", "wrong-types",
	} {
		text := read(t, "testdata/broken/"+name+".yaml")
		if err := s.Validate(asValue(t, text)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, text := range []string{
		"sever: {}", "server: {listne: x}", "server: {cors: {allowedOrigin: []}}", "session: {accessTTL: 600}", "session: {accessTTL: 10}",
		"session: {transports: bearer}", "log: {level: loud}", "methods: {login: {use: [[a]]}}", "methods: {login: {use: {strateg: a}}}",
		"methods: {login: {use: {strategy: a, onUnknown: nxt}}}", "methods: {onError: {rules: [{status: 600}]}}", "messages: {unknown_user: {}}",
		"strategies: {staff: {urls: []}}", "strategies: {staff: {type: lpad}}", "strategies: {staff: {type: ldap, url: []}}",
		"strategies: {staff: {type: local, urls: []}}", "strategies: {staff: {type: ldap, pool: 12.7}}", "strategies: {staff: {type: local, small: -1}}",
		"strategies: {staff: {type: ldap, bindPassword: a, bindPasswordFile: b}}", "strategies: {session: {type: local}}", "strategies: {A: {type: local}}",
		"strategies: {demo: {type: mock, users: [{emial: x}]}}", "strategies: {members: {type: local, hash: {cost: 1}}}", "strategies: {members: }",
	} {
		if err := s.Validate(asValue(t, text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
