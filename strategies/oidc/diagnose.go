package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/strategies/oidc/authcode"
)

// doctor tells operators what is wrong.
type doctor struct {
	*strategy
	guard  outbound.Options
	public *url.URL
}

// Diagnose implements core.Diagnoser. It reads the provider's documents anew,
// whatever copies there are.
func (d doctor) Diagnose(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
	p := authcode.Probe{HTTP: d.http, Now: d.now, Target: d.config.Issuer, Key: "issuer", Report: report}
	if r.Identifier != "" {
		p.Find("login", 0, core.Finding{Detail: "people sign in at the provider, which tells nobody about them beforehand"})
		return
	}
	address := strings.TrimSuffix(d.config.Issuer, "/") + "/.well-known/openid-configuration"
	began := time.Now()
	body, ok := p.Fetch(ctx, "discovery", address, func(status int) string {
		if status != http.StatusOK {
			return "there is no discovery document"
		}
		return ""
	})
	if ok {
		d.documents(ctx, p, body, time.Since(began))
	}
	p.Callback(d.public, d.name)
}

// documents judges the discovery document and what it leads to.
func (d doctor) documents(ctx context.Context, p authcode.Probe, body []byte, took time.Duration) {
	m, err := parseMetadata(body, d.config.Issuer, d.guard)
	if err != nil {
		p.Find("discovery", took, core.Finding{Mark: core.MarkFailed, Detail: words(err), Advice: adviseMetadata(err)})
		return
	}
	p.Find("discovery", took, core.Finding{Detail: "the issuer is as configured"})
	d.keysAt(ctx, p, m)
	d.clientAuth(p, m)
}

func adviseMetadata(err error) string {
	if core.AsError(err).Reason == ReasonMetadataIssuer {
		return "set issuer to exactly what the provider calls itself, a slash at the end included"
	}
	return "issuer leads to something else than an OpenID provider, or to one whose addresses may not be called (allowPrivateAddresses)"
}

// words is the innermost text.
func words(err error) string {
	if e := core.AsError(err); e.Err != nil {
		return e.Err.Error()
	}
	return err.Error()
}

func (d doctor) keysAt(ctx context.Context, p authcode.Probe, m *metadata) {
	began := time.Now()
	body, err := authcode.Fetch(ctx, d.http, opKeys, m.Keys)
	var found []key
	if err == nil {
		found, err = parseKeys(body)
	}
	if err == nil && len(found) == 0 {
		err = errors.New("none of them can be used")
	}
	if err != nil {
		p.Find("keys", time.Since(began), core.Finding{Mark: core.MarkFailed, Detail: words(err), Advice: "the provider's jwks_uri gives no keys, so that no ID token can be checked; that is the provider's to mend"})
		return
	}
	what := fmt.Sprintf("%d keys", len(found))
	if len(found) == 1 {
		what = "1 key"
	}
	p.Find("keys", time.Since(began), core.Finding{Detail: what + " to check ID tokens with"})
}

// clientAuth compares how authd proves to be the client with what the provider takes.
func (d doctor) clientAuth(p authcode.Probe, m *metadata) {
	method := d.client(m).Method
	supported := m.ClientAuth
	if len(supported) == 0 {
		supported = []string{authcode.SecretBasic}
	}
	f := core.Finding{Detail: method}
	if method != authcode.NoSecret && !slices.Contains(supported, method) {
		f.Mark, f.Detail = core.MarkFailed, fmt.Sprintf("%s, and the provider takes %s", method, strings.Join(supported, ", "))
		f.Advice = "set clientAuth to one of these, as the client is registered at the provider"
	}
	p.Find("client auth", 0, f)
}
