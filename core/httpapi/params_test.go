package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

const formType = "application/x-www-form-urlencoded"

func TestBodies(t *testing.T) {
	nested := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}` }
	for _, tc := range []struct {
		name, contentType, body string
		status                  int
		says                    string
	}{
		{"plain", "application/json", `{"email":"a"}`, 200, ""},
		{"charset", "application/json; charset=UTF-8", `{"email":"a"}`, 200, ""},
		{"capitals", "Application/JSON", `{"email":"a"}`, 200, ""},
		{"spaces around", "application/json", " \r\n\t{\"email\":\"a\"} \n", 200, ""},
		{"unknown fields", "application/json", `{"to":"/x","pageSize":3,"deep":{"a":[1]}}`, 200, ""},
		{"twice the same field", "application/json", `{"email":"a","email":"b"}`, 200, ""},
		{"as deep as allowed", "application/json", nested(32), 200, ""},
		{"a pair of surrogates", "application/json", `{"email":"\ud83d\ude00"}`, 200, ""},
		{"escapes", "application/json", `{"email":"\"\\\u005c{"}`, 200, ""},

		{"no content type", "-", `{"email":"a"}`, 415, "must be JSON"},
		{"text", "text/plain", `{"email":"a"}`, 415, "must be JSON"},
		{"other json", "application/problem+json", `{"email":"a"}`, 415, "must be JSON"},
		{"other charset", "application/json; charset=latin1", `{"email":"a"}`, 415, "must be JSON"},
		{"multipart", "multipart/form-data; boundary=x", "--x--", 415, "must be JSON"},
		{"broken content type", "application/json; charset", `{"email":"a"}`, 415, "must be JSON"},
		{"blank", "application/json", " ", 400, "must be valid JSON"},
		{"cut off", "application/json", `{"email":"hunter2`, 400, "must be valid JSON"},
		{"single quotes", "application/json", `{'email':'hunter2'}`, 400, "must be valid JSON"},
		{"trailing garbage", "application/json", `{"email":"a"}hunter2`, 400, "must be valid JSON"},
		{"two objects", "application/json", `{"email":"a"}{"email":"hunter2"}`, 400, "must be valid JSON"},
		{"byte order mark", "application/json", "\ufeff{}", 400, "must be valid JSON"},
		{"huge number", "application/json", `{"email":1e999}`, 400, "ordinary values"},
		{"array", "application/json", `["hunter2"]`, 400, "must be a JSON object"},
		{"string", "application/json", `"hunter2"`, 400, "must be a JSON object"},
		{"null", "application/json", `null`, 400, "must be a JSON object"},
		{"too deep", "application/json", nested(33), 400, "nested deeper than 32"},
		{"far too deep", "application/json", nested(20000), 400, "nested deeper than 32"},
		{"broken UTF-8", "application/json", "{\"email\":\"hunter2\xff\"}", 400, "must be valid UTF-8"},
		{"half a pair", "application/json", `{"password":"\ud83dhunter2"}`, 400, "half a Unicode character"},
		{"the other half", "application/json", `{"password":"\ude00hunter2"}`, 400, "half a Unicode character"},
		{"two first halves", "application/json", `{"password":"\ud83d\ud83d"}`, 400, "half a Unicode character"},

		{"form", formType, "email=a&password=b", 200, ""},
		{"broken form", formType, "email=%zz", 400, "must be a valid form"},
		{"form with broken UTF-8", formType, "email=%ff", 400, "must be valid UTF-8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			r := post("/auth/forgot-password", tc.body, "Content-Type", tc.contentType)
			if tc.contentType == "-" {
				r.header.Del("Content-Type")
			}
			a := h.raw(r).wants(tc.status)
			if tc.says != "" && !strings.Contains(fmt.Sprint(a.object()["message"]), tc.says) {
				t.Errorf("message %v, want %q in it", a.object()["message"], tc.says)
			}
			if strings.Contains(string(a.body), "hunter2") || strings.Contains(h.log.String(), "hunter2") {
				t.Error("the input is repeated")
			}
		})
	}
}

func TestParamsReachTheBackendAsSent(t *testing.T) {
	for _, tc := range []struct {
		name, contentType, body string
		want                    core.Params
	}{
		{"nothing", "", "", core.Params{}},
		{
			"json", "application/json", `{"a":"x","n":1.5,"t":true,"z":null,"o":{"k":[1]}}`,
			core.Params{"a": "x", "n": 1.5, "t": true, "z": nil, "o": map[string]any{"k": []any{1.0}}},
		},
		{"form", formType, "a=x&b=1&b=2&c=", core.Params{"a": "x", "b": []any{"1", "2"}, "c": ""}},
		{"boxes", formType, "remember=on&rememberMe=1", core.Params{"remember": true, "rememberMe": true}},
		{"box true", formType, "remember=true&other=true", core.Params{"remember": true, "other": "true"}},
		{"boxes off", formType, "remember=&rememberMe=off", core.Params{"remember": false, "rememberMe": false}},
		{"plus", formType, "email=a%2Bb+c", core.Params{"email": "a+b c"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			r := post("/auth/login", tc.body)
			if tc.contentType != "" {
				r.header.Set("Content-Type", tc.contentType)
			}
			h.do(r).wants(200)
			if !reflect.DeepEqual(h.backend.last.Params, tc.want) {
				t.Errorf("params %#v, want %#v", h.backend.last.Params, tc.want)
			}
		})
	}
	t.Run("a strange box", func(t *testing.T) {
		h := newHarness(t)
		h.do(post("/auth/login", "remember=perhaps", "Content-Type", formType).breaking())
		if h.backend.last.Params["remember"] != "perhaps" {
			t.Errorf("params %v", h.backend.last.Params)
		}
	})
}

func TestQueryStringsAreNotParams(t *testing.T) {
	h := newHarness(t)
	h.do(post("/auth/login?email=a&password=hunter2", "")).wants(200)
	h.do(get("/auth/permissions?role=admin")).wants(200)
	if len(h.backend.last.Params) != 0 {
		t.Errorf("params %v", h.backend.last.Params)
	}
	if strings.Contains(h.log.String(), "hunter2") {
		t.Error("the query is logged")
	}
}

func TestFormsComeFromThisOriginOnly(t *testing.T) {
	for _, tc := range []struct {
		name   string
		header []string
		status int
	}{
		{"no browser", nil, 200},
		{"same origin", []string{"Origin", ownOrigin, "Sec-Fetch-Site", "same-origin"}, 200},
		{"same origin, no referrer", []string{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, 200},
		{"typed", []string{"Sec-Fetch-Site", "none"}, 200},
		{"old browser", []string{"Origin", ownOrigin}, 200},
		{"allowed origin", []string{"Origin", allowedOrigin, "Sec-Fetch-Site", "same-site"}, 415},
		{"allowed origin, old browser", []string{"Origin", allowedOrigin}, 415},
		{"foreign origin", []string{"Origin", foreignOrigin, "Sec-Fetch-Site", "cross-site"}, 403},
		{"null", []string{"Origin", "null"}, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			r := post("/auth/login", "email=a&password=b", append(tc.header, "Content-Type", formType)...)
			h.do(r).wants(tc.status)
		})
	}
}

func TestCompressedBodiesAreRefused(t *testing.T) {
	h := newHarness(t)
	h.do(post("/auth/login", `{"email":"a"}`, "Content-Encoding", "gzip")).wants(415)
	h.do(post("/auth/login", `{"email":"a"}`, "Content-Encoding", "identity")).wants(200)
}

func TestBodyLimit(t *testing.T) {
	body := func(size int) string {
		const frame = `{"x":""}`
		return `{"x":"` + strings.Repeat("a", size-len(frame)) + `"}`
	}
	for _, announced := range []bool{true, false} {
		for size, status := range map[int]int{64 << 10: 200, 64<<10 + 1: 413, 1 << 20: 413} {
			h := newHarness(t)
			r := post("/auth/login", body(size))
			req := r.build()
			if !announced {
				req.ContentLength = -1
			}
			a := h.serveRequest(req).wants(status)
			validate(t, r, a)
			if status == 413 && a.header.Get("Connection") != "close" {
				t.Error("the connection stays open for a body that nobody reads")
			}
		}
	}
	h := newHarness(t, func(o *httpapi.Options) { o.MaxBody = 10 })
	h.do(post("/auth/login", `{"email":"abc"}`)).wants(413)
}

// unread fails the test if somebody reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

func TestABodyThatAnnouncesItsSizeIsRefusedUnread(t *testing.T) {
	h := newHarness(t)
	r := httptest.NewRequest(http.MethodPost, ownOrigin+"/auth/login", unread{t})
	r.ContentLength = 64<<10 + 1
	h.serveRequest(r).wants(413)
}

func TestSlowBodiesEndAtTheDeadline(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.Timeout = 200 * time.Millisecond })
	server := httptest.NewServer(h.handler)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /auth/login HTTP/1.1\r\nHost: auth.example.com\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"email\":")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{t, resp.StatusCode, resp.Header, body}
	a.wants(http.StatusRequestTimeout)
	validateAnswer(t, post("/auth/login", ""), a)
	if !resp.Close {
		t.Error("the connection stays open")
	}
	if len(h.backend.asked) != 0 {
		t.Error("the backend was asked")
	}
}

func TestTheDeadlineReachesTheBackendAndTheConnectionSurvives(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.Timeout = 5 * time.Second })
	server := httptest.NewServer(h.handler)
	defer server.Close()
	for range 2 {
		resp, err := server.Client().Post(server.URL+"/auth/login", "application/json", strings.NewReader(`{"email":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		var o map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&o); err != nil || resp.StatusCode != 200 {
			t.Fatal(resp.StatusCode, err)
		}
		resp.Body.Close()
	}
}

// validateAnswer validates the answer only: the request may be anything.
func validateAnswer(t *testing.T, r request, a answer) {
	t.Helper()
	r.body = ""
	r.header = r.header.Clone()
	for _, name := range []string{"Content-Type", "Authd-Transport"} {
		r.header.Del(name)
	}
	validate(t, r, a)
}

func FuzzJSONParams(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"email":"a","password":"b"}`, `{"a":[[[1]]]}`, `null`, `[]`, `{"a":"\ud800"}`, `{"a":"\ud83d\ude00"}`,
		`{"a":1e999}`, `{"a":1}x`, "{\"a\":\"\xff\"}", `{"a":"\`, `{"a":"\u12"}`, `{"\u0061":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		params, err := httpapi.DecodeJSON(body)
		if err != nil {
			if code := core.CodeOf(err); code != core.InvalidInput {
				t.Fatalf("%q: code %s", body, code)
			}
			return
		}
		if params == nil {
			t.Fatalf("%q: no params and no error", body)
		}
		again, err := json.Marshal(params)
		if err != nil {
			t.Fatalf("%q: does not encode: %v", body, err)
		}
		if !strings.ContainsRune(string(body), '\ufffd') && !strings.Contains(strings.ToLower(string(body)), `\ufffd`) &&
			strings.ContainsRune(string(again), '\ufffd') {
			t.Fatalf("%q: became other text: %q", body, again)
		}
		twice, err := httpapi.DecodeJSON(again)
		if err != nil || !reflect.DeepEqual(params, twice) {
			t.Fatalf("%q: not the same again: %v, %v, %v", body, params, twice, err)
		}
	})
}

func FuzzFormParams(f *testing.F) {
	for _, seed := range []string{"", "a=b", "a=1&a=2", "remember=on", "a=%ff", "a=%zz", "a;b", "=", "&&", "a+b=%20", "rememberMe="} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		params, err := httpapi.DecodeForm(body)
		if err != nil {
			if code := core.CodeOf(err); code != core.InvalidInput {
				t.Fatalf("%q: code %s", body, code)
			}
			return
		}
		for name, value := range params {
			switch v := value.(type) {
			case string, bool:
			case []any:
				if len(v) < 2 {
					t.Fatalf("%q: %q is a list of %d", body, name, len(v))
				}
			default:
				t.Fatalf("%q: %q is a %T", body, name, value)
			}
		}
	})
}
