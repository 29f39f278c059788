package oauth2

import (
	"context"
	"net/http"
	"net/url"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
)

// doctor tells operators what is wrong.
type doctor struct {
	*strategy
	public *url.URL
}

// Diagnose implements core.Diagnoser. There is no document to read: that the
// site can be reached at its token endpoint, and what time it is there, is what
// can be seen without somebody signing in.
func (d doctor) Diagnose(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
	p := authcode.Probe{HTTP: d.http, Now: d.now, Target: d.config.TokenURL, Key: "tokenURL", Report: report}
	if r.Identifier != "" {
		p.Find("login", 0, core.Finding{Detail: "people sign in at the site, which tells nobody about them beforehand"})
		return
	}
	_, ok := p.Fetch(ctx, "answer", d.config.TokenURL, func(status int) string {
		if status >= http.StatusInternalServerError {
			return "the site is in trouble"
		}
		return ""
	})
	if ok {
		p.Find("answer", 0, core.Finding{Detail: "the token endpoint answers"})
	}
	p.Find("client auth", 0, core.Finding{Detail: d.client.Method})
	p.Callback(d.public, d.name)
}
