package ldap_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/local"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// house is the whole service over a directory and users of its own, asked by HTTP.
func house(t *testing.T, directory *ldap.Config, changes ...func(*authd.StrategyOptions)) http.Handler {
	t.Helper()
	return houseWith(t, directory, func(o *authd.Options) {
		staff := o.Strategies["staff"]
		for _, change := range changes {
			change(&staff)
		}
		o.Strategies["staff"] = staff
	})
}

func houseWith(t *testing.T, directory *ldap.Config, change func(*authd.Options)) http.Handler {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "authd.db")})
	if err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "http", Host: "localhost:8080"}
	sessions, err := session.Open(t.Context(), session.Options{
		Sessions: store, Keys: store, Secret: core.NewSecret(strings.Repeat("s", session.MinSecretBytes)), Issuer: public.String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	members := local.NewConfig()
	members.Registration, members.Hash.BcryptCost = true, 10
	methods := authd.DefaultMethods()
	methods.Login.Use, methods.Register.Use = authd.Names("staff", "members"), authd.Names("members")
	options := authd.Options{
		Strategies: map[string]authd.StrategyOptions{"staff": {Kind: "ldap", Config: directory}, "members": {Kind: "local", Config: members}},
		Methods:    methods, PublicURL: public, Sessions: sessions, Users: store.Users, Tries: store, Once: store,
		Tokens: session.NewOneTime(store, time.Now, rand.Reader),
	}
	change(&options)
	registry, err := authd.New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = registry.Close(t.Context())
		_ = sessions.Close()
		_ = store.Close()
	})
	handler, err := httpapi.New(httpapi.Options{
		Backend: registry, Keys: sessions, PublicURL: public, Pages: &httpapi.Pages{},
		Describe: httpapi.Description{Providers: []httpapi.Provider{{Name: "staff"}}, Methods: registry.InUse()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

type said struct {
	status int
	Code   core.Code `json:"code"`
	Token  string    `json:"refreshToken"`
	Access string    `json:"accessToken"`
	Error  struct {
		Action string `json:"action"`
	} `json:"error"`
	Errors map[string]string `json:"errors"`
}

func ask(t *testing.T, h http.Handler, path string, params map[string]string) said {
	t.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:8080"+path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := said{status: w.Code}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return out
}

// TestChainInAnOutage: with the directory down, whoever is not in it still gets
// in, and whoever is hears that the service cannot answer, never "wrong password".
func TestChainInAnOutage(t *testing.T) {
	t.Parallel()
	f := peers.Start(t, "slapd", "SLAPD_BULK=1")
	c := vendors()[0].config(f)
	proxy := peers.Proxy(t, strings.TrimPrefix(f["LDAP_URL"], "ldap://"))
	c.URLs, c.TLS, c.AttemptTimeout = []string{"ldap://" + proxy.Listen}, ldap.NewConfig().TLS, attempt
	h := house(t, c)
	member := map[string]string{"email": "mia@example.com", "password": "a long password 1"}
	if got := ask(t, h, "/auth/register", member); got.status != http.StatusOK {
		t.Fatalf("register: %+v", got)
	}
	staff := map[string]string{"email": "alice@example.org", "password": "alice-pw"}
	signedIn := ask(t, h, "/auth/login", staff)
	if signedIn.status != http.StatusOK {
		t.Fatalf("staff: %+v", signedIn)
	}
	proxy.Stop()
	for name, want := range map[string]struct {
		params map[string]string
		status int
		code   core.Code
	}{
		"a member":                       {member, http.StatusOK, ""},
		"staff":                          {staff, http.StatusServiceUnavailable, core.Unavailable},
		"staff with a wrong password":    {map[string]string{"email": "alice@example.org", "password": "wrong"}, http.StatusServiceUnavailable, core.Unavailable},
		"nobody":                         {map[string]string{"email": "nobody@example.org", "password": "wrong"}, http.StatusServiceUnavailable, core.Unavailable},
		"a member with a wrong password": {map[string]string{"email": "mia@example.com", "password": "wrong"}, http.StatusServiceUnavailable, core.Unavailable},
	} {
		if got := ask(t, h, "/auth/login", want.params); got.status != want.status || got.Code != want.code {
			t.Errorf("%s: %+v, want %d %s", name, got, want.status, want.code)
		}
	}
	if got := ask(t, h, "/auth/refresh", map[string]string{"refreshToken": signedIn.Token}); got.status != http.StatusOK {
		t.Errorf("a session goes on in an outage: %+v", got)
	}
}
