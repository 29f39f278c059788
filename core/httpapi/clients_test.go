package httpapi_test

import (
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

func cookie(access, refresh string) string {
	var all []string
	if access != "" {
		all = append(all, "__Host-authd-access="+access)
	}
	if refresh != "" {
		all = append(all, "__Host-authd-refresh="+refresh)
	}
	return strings.Join(all, "; ")
}

// TestPublishedClients sends what refresh-token clients are known to send, and
// looks at what reaches the backend.
func TestPublishedClients(t *testing.T) {
	const rakBody = `{"authToken":"` + accessJWT + `","authUserState":null,"authTokenExpireAt":"2026","refreshToken":"` + refreshJWT + `"}`
	for _, tc := range []struct {
		name            string
		request         request
		access, refresh string // what the backend gets
	}{
		{
			"axios-auth-refresh: cookie only, stale Authorization, empty body",
			post("/auth/token/refresh", "", "Authorization", "Bearer "+otherJWT, "Cookie", cookie(accessJWT, refreshJWT), "Origin", allowedOrigin),
			"", refreshJWT,
		},
		{
			"axios-auth-refresh: with a content type for no body",
			post("/auth/token/refresh", "", "Content-Type", formType, "Cookie", cookie("", refreshJWT)), "", refreshJWT,
		},
		{"vuexy", post("/auth/refresh-token", `{"refreshToken":"`+refreshJWT+`"}`, "Authorization", "Bearer "+otherJWT), "", refreshJWT},
		{"vuexy, nothing stored", post("/auth/refresh-token", `{"refreshToken":null}`), "", ""},
		{
			"vuexy, nothing stored, but a cookie",
			post("/auth/refresh-token", `{"refreshToken":null}`, "Cookie", cookie("", refreshJWT)), "", refreshJWT,
		},
		{"vuexy, the text undefined stored", post("/auth/refresh-token", `{"refreshToken":"undefined"}`), "", "undefined"},
		{"react-auth-kit 2", post("/refresh", rakBody, "Authorization", "Bearer "+otherJWT), "", refreshJWT},
		{"react-auth-kit 3 after sign-out", post("/refresh", `{"authUserState":null}`, "Authorization", "Bearer undefined"), "", ""},
		{"nuxt-auth", post("/auth/refresh", `{"refreshToken":"`+refreshJWT+`"}`, "Authorization", "null"), "", refreshJWT},
		{"auth-next", post("/auth/refresh", `{"refresh_token":"`+refreshJWT+`"}`), "", refreshJWT},
		{"nebular: an object as body", post("/auth/refresh-token", `{"token":{"name":"x"}}`, "Cookie", cookie("", refreshJWT)), "", refreshJWT},
		{
			"body and cookie differ: the body",
			post("/auth/refresh", `{"refreshToken":"`+refreshJWT+`"}`, "Cookie", cookie("", otherJWT)), "", refreshJWT,
		},
		{
			"logout with a stale header and the cookies",
			post("/auth/logout", "", "Authorization", "Bearer "+otherJWT, "Cookie", cookie(accessJWT, refreshJWT)), otherJWT, refreshJWT,
		},
		{"logout from onError", post("/auth/logout", `{"redirectPath":"/x"}`, "Cookie", cookie(accessJWT, refreshJWT)), accessJWT, refreshJWT},
		{"nuxt-auth logout", post("/auth/logout", `{"refreshToken":"`+refreshJWT+`"}`, "Authorization", "Bearer "+accessJWT), accessJWT, refreshJWT},
		{"check by header", get("/auth/check", "Authorization", "Bearer "+accessJWT), accessJWT, ""},
		{"check, scheme in small letters", get("/auth/check", "Authorization", "bearer  "+accessJWT), accessJWT, ""},
		{"check by cookie", get("/auth/check", "Cookie", cookie(accessJWT, refreshJWT)), accessJWT, ""},
		{
			"check, header before cookie",
			get("/auth/check", "Authorization", "Bearer "+otherJWT, "Cookie", cookie(accessJWT, "")), otherJWT, "",
		},
		{
			"check, Bearer undefined and a cookie",
			get("/auth/check", "Authorization", "Bearer undefined", "Cookie", cookie(accessJWT, "")), accessJWT, "",
		},
		{"check, Bearer [object Object]", get("/auth/check", "Authorization", "Bearer [object Object]"), "", ""},
		{"check, Basic", get("/auth/check", "Authorization", "Basic "+accessJWT), "", ""},
		{"check, two headers", get("/auth/check", "Authorization", "Bearer "+accessJWT, "Authorization", "Bearer "+otherJWT), "", ""},
		{"check, almost a JWT", get("/auth/check", "Authorization", "Bearer a..c"), "", ""},
		{"check, too many parts", get("/auth/check", "Authorization", "Bearer a.b.c.d"), "", ""},
		{"check, an empty end", get("/auth/check", "Authorization", "Bearer a.b."), "", ""},
		{"check, the cookie without its prefix", get("/auth/check", "Cookie", "authd-access="+accessJWT), "", ""},
		{
			"check, cookie mode ignores the header",
			get("/auth/check", "Authorization", "Bearer "+otherJWT, "Cookie", cookie(accessJWT, ""), "Authd-Transport", "cookie"), accessJWT, "",
		},
		{
			"check, bearer mode ignores the cookie",
			get("/auth/check", "Cookie", cookie(accessJWT, ""), "Authd-Transport", "bearer"), "", "",
		},
		{
			"refresh, bearer mode ignores the cookie",
			post("/auth/refresh", "", "Cookie", cookie("", refreshJWT), "Authd-Transport", "bearer"), "", "",
		},
		{
			"refresh, cookie mode ignores the body",
			post("/auth/refresh", `{"refreshToken":"`+otherJWT+`"}`, "Cookie", cookie("", refreshJWT), "Authd-Transport", "cookie"), "", refreshJWT,
		},
		{"onError gets the refresh token", post("/auth/on-error", `{"status":401}`, "Cookie", cookie(accessJWT, refreshJWT)), "", refreshJWT},
		{"onError of an axios error", post("/auth/on-error", `{"message":"x","response":{"status":401,"data":{}}}`), "", ""},
		{"changing a password", post("/auth/update-password", `{"password":"a"}`, "Cookie", cookie(accessJWT, refreshJWT)), accessJWT, ""},
		{"login takes no tokens", post("/auth/login", `{"email":"a"}`, "Cookie", cookie(accessJWT, refreshJWT)), "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			h.do(tc.request).wants(200)
			got := h.backend.last
			if got.AccessToken != tc.access || got.RefreshToken != tc.refresh {
				t.Errorf("access %q, refresh %q; want %q, %q", got.AccessToken, got.RefreshToken, tc.access, tc.refresh)
			}
		})
	}
}

func TestTheRefreshTokenDoesNotStayAmongTheParams(t *testing.T) {
	for _, path := range []string{"/auth/refresh", "/auth/logout", "/auth/on-error"} {
		h := newHarness(t)
		h.do(post(path, `{"refreshToken":"`+refreshJWT+`","refresh_token":"`+otherJWT+`","x":"y"}`)).wants(200)
		if p := h.backend.last.Params; len(p) != 1 || p["x"] != "y" {
			t.Errorf("%s: params %v", path, p)
		}
	}
}

func TestARefreshTokenOfTheWrongTypeIsNamed(t *testing.T) {
	for _, path := range []string{"/auth/refresh", "/auth/token/refresh", "/auth/refresh-token", "/refresh", "/auth/logout", "/auth/on-error"} {
		for _, body := range []string{`{"refreshToken":5}`, `{"refreshToken":{}}`, `{"refreshToken":false}`, `{"refreshToken":["a"]}`} {
			h := newHarness(t)
			o := h.do(post(path, body, "Cookie", cookie("", refreshJWT)).breaking()).wants(400).object()
			errs, _ := o["errors"].(map[string]any)
			if o["code"] != string(core.InvalidInput) || errs["refreshToken"] != "must be a string" {
				t.Errorf("%s %s: %v", path, body, o)
			}
			if len(h.backend.asked) != 0 {
				t.Errorf("%s %s: the backend was asked", path, body)
			}
		}
	}
}

func TestTransportHeader(t *testing.T) {
	only := func(t httpapi.Transport) func(*httpapi.Options) {
		return func(o *httpapi.Options) { o.Transports = []httpapi.Transport{t} }
	}
	both := func(*httpapi.Options) {}
	for _, tc := range []struct {
		name    string
		option  func(*httpapi.Options)
		asked   string
		status  int
		tokens  bool // in the body
		cookies bool
	}{
		{"both", both, "", 200, true, true},
		{"both, asked for bearer", both, "bearer", 200, true, false},
		{"both, asked for cookie", both, "cookie", 200, false, true},
		{"bearer only", only(httpapi.Bearer), "", 200, true, false},
		{"bearer only, asked for it", only(httpapi.Bearer), "bearer", 200, true, false},
		{"bearer only, asked for cookie", only(httpapi.Bearer), "cookie", 400, false, false},
		{"cookie only", only(httpapi.Cookie), "", 200, false, true},
		{"cookie only, asked for it", only(httpapi.Cookie), "cookie", 200, false, true},
		{"cookie only, asked for bearer", only(httpapi.Cookie), "bearer", 400, false, false},
		{"unknown", both, "pigeon", 400, false, false},
		{"wrong case", both, "Cookie", 400, false, false},
	} {
		for _, path := range []string{"/auth/login", "/auth/refresh", "/auth/update-password", "/auth/on-error"} {
			t.Run(tc.name+" "+path, func(t *testing.T) {
				h := newHarness(t, tc.option)
				h.backend.action = core.ActionResult{Success: true, RedirectTo: "/", Tokens: newTokens()}
				h.backend.onError = core.ErrorResult{Tokens: newTokens()}
				r := post(path, `{}`)
				if tc.asked != "" {
					r.header.Set("Authd-Transport", tc.asked)
				}
				r.invalid = tc.asked == "pigeon" || tc.asked == "Cookie"
				a := h.do(r).wants(tc.status)
				if tc.status == 400 {
					if errs, _ := a.object()["errors"].(map[string]any); errs["Authd-Transport"] == nil {
						t.Errorf("the header is not named: %s", a.body)
					}
				}
				checkTokens(t, a, tc.tokens, tc.cookies)
			})
		}
	}
	h := newHarness(t)
	h.do(get("/auth/check", "Authd-Transport", "bearer", "Authd-Transport", "cookie")).wants(400)
}

func checkTokens(t *testing.T, a answer, inBody, inCookies bool) {
	t.Helper()
	o := a.object()
	for name, want := range map[string]any{
		"token": accessJWT, "accessToken": accessJWT, "access_token": accessJWT,
		"refreshToken": refreshJWT, "refresh_token": refreshJWT, "token_type": "Bearer", "expires_in": 600.0,
	} {
		if inBody && o[name] != want || !inBody && o[name] != nil {
			t.Errorf("%s is %v", name, o[name])
		}
	}
	if inBody || inCookies {
		user, _ := o["user"].(map[string]any)
		if o["expiresIn"] != 600.0 || o["refreshExpiresIn"] != 259200.0 || user["id"] != "demo:1" {
			t.Errorf("body %s", a.body)
		}
	}
	if strings.Contains(string(a.body), accessJWT) != inBody || strings.Contains(string(a.body), refreshJWT) != inBody {
		t.Errorf("tokens in the body: %s", a.body)
	}
	if got := len(a.header.Values("Set-Cookie")); got != map[bool]int{true: 2}[inCookies] {
		t.Errorf("%d cookies", got)
	}
}
