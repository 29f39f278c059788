package oauth2

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

const (
	opBegin    = "begin a redirect login"
	opComplete = "complete a redirect login"
)

// ReasonUserInfo is the reason of a refusal: the site tells nothing that could
// be read.
const ReasonUserInfo = "userinfo_malformed"

// strategy answers the house's questions.
type strategy struct {
	name   string
	config *Config // complete
	reader claims.Reader
	emails emailPaths
	client *authcode.Client
	http   *http.Client
	rand   io.Reader
	now    func() time.Time
	log    *slog.Logger
}

// Open builds the strategy. It asks nobody.
func (c *Config) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	if err := c.Validate(); err != nil {
		return core.Strategy{}, err
	}
	full := c.complete()
	if full.Emails.URL != "" {
		// What is verified is in the list, and nowhere else.
		full.Claims.Email, full.Claims.EmailVerified = listed, listedVerified
	}
	reader, err := claims.Compile(full.Claims, full.Require)
	if err != nil {
		return core.Strategy{}, err
	}
	emails, err := full.Emails.compile()
	if err != nil {
		return core.Strategy{}, err
	}
	guard := full.guard()
	guard.Base = env.HTTP
	s := &strategy{
		name: env.Name, config: full, reader: reader, emails: emails, http: outbound.New(guard),
		rand: env.Rand, now: env.Now, log: env.Log,
	}
	s.client = authcode.Client{
		ID: full.ClientID, Method: full.ClientAuth, Secret: full.ClientSecret, HTTP: s.http, Rand: env.Rand, Now: env.Now,
	}.For(nil, full.TokenURL)
	return core.Strategy{
		Redirector: s, Renewer: s, Diagnoser: doctor{s, env.PublicURL}, Close: func() error { s.http.CloseIdleConnections(); return nil },
	}, nil
}

// origin says whose questions these are. The token endpoint stands for the
// site, which has no name of its own.
func (s *strategy) origin() authcode.Origin {
	return authcode.Origin{Strategy: s.name, Site: s.config.TokenURL, ClientID: s.config.ClientID}
}

// Begin asks the site who the browser's owner is.
func (s *strategy) Begin(ctx context.Context, r core.RedirectRequest) (core.Redirect, error) {
	if err := ctx.Err(); err != nil {
		return core.Redirect{}, core.Fail(core.Unavailable, opBegin, err)
	}
	hint, err := authcode.Hint(r.Params)
	if err != nil {
		return core.Redirect{}, err
	}
	p, err := s.origin().Begin(r, s.rand)
	if err != nil {
		return core.Redirect{}, err
	}
	question := p.Question(s.config.Scopes, s.config.Params)
	if hint != "" {
		question.Set("login_hint", hint)
	}
	target, err := authcode.Link(s.config.AuthorizeURL, question)
	if err != nil {
		return core.Redirect{}, core.Fail(core.Internal, opBegin, err)
	}
	keep, err := p.Keep()
	return core.Redirect{URL: target, Keep: keep}, err
}

// Complete believes the site's answer, or says why not. The site is known by
// its callback address, which no other shares.
func (s *strategy) Complete(ctx context.Context, c core.Callback) (core.Grant, error) {
	p, err := s.origin().Resume(c)
	if err != nil {
		return core.Grant{}, err
	}
	code, err := authcode.Code(c.Query)
	if err != nil {
		return core.Grant{}, err
	}
	token, err := s.client.Redeem(ctx, s.config.TokenURL, p, code)
	if err != nil {
		return core.Grant{}, err
	}
	told, err := s.tell(ctx, opComplete, token.Access)
	if err != nil {
		return core.Grant{}, err
	}
	identity, err := s.reader.Identity(opComplete, told)
	if err != nil {
		return core.Grant{}, err
	}
	k := kept{Site: s.config.TokenURL, Subject: identity.Subject, Claims: s.reader.Prune(told)}
	k.take(token)
	return core.Grant{Identity: identity, Keep: s.seal(ctx, k)}, nil
}

// The claims that the address from the list is put into. Fields of the site's
// own that have these names are dropped.
const (
	listed         = "email of the list"
	listedVerified = "verified of the list"
)

// tell asks the site who the holder of an access token is.
func (s *strategy) tell(ctx context.Context, op string, access core.Secret) (claims.Claims, error) {
	got, err := s.client.Read(ctx, op, s.config.UserInfoURL, access)
	if err != nil {
		return nil, err
	}
	told, err := claims.Decode(got.Body)
	if err != nil {
		return nil, &core.Error{Code: core.Unavailable, Op: op, Reason: ReasonUserInfo, Err: err}
	}
	delete(told, listed)
	delete(told, listedVerified)
	if s.config.Emails.URL == "" {
		return told, nil
	}
	if got, err = s.client.Read(ctx, op, s.config.Emails.URL, access); err != nil {
		return nil, err
	}
	address, verified, err := s.emails.pick(got.Body)
	if err != nil {
		return nil, &core.Error{Code: core.Unavailable, Op: op, Reason: ReasonUserInfo, Err: err}
	}
	told[listed], told[listedVerified] = address, verified
	return told, nil
}

// kept is what belongs to a session, as Grant.Keep has it.
type kept struct {
	Version int           `json:"v"`
	Site    string        `json:"site"`
	Subject string        `json:"sub"`
	Access  string        `json:"access,omitempty"`
	Expires time.Time     `json:"expires,omitzero"` // of Access; zero if the site did not say
	Refresh string        `json:"refresh,omitempty"`
	Claims  claims.Claims `json:"claims,omitempty"` // that the identity was read from
}

// keptVersion changes when what is kept means something else.
const keptVersion = 1

// take notes what the site granted. A refresh token that it does not rotate
// stays.
func (k *kept) take(t authcode.Token) {
	k.Access, k.Expires = t.Access.Reveal(), t.Expires
	if !t.Refresh.Empty() {
		k.Refresh = t.Refresh.Reveal()
	}
}

// seal returns k as a secret, or nothing if it does not fit: then the session
// is not asked about again.
func (s *strategy) seal(ctx context.Context, k kept) core.Secret {
	k.Version = keptVersion
	text, err := json.Marshal(k)
	if err != nil || len(text) > core.MaxKeep {
		s.log.WarnContext(ctx, "what the site gave is too large to be kept; the session is not asked about again", "bytes", len(text))
		return core.Secret{}
	}
	return core.NewSecret(string(text))
}

func openKept(s core.Secret) (kept, bool) {
	d := json.NewDecoder(strings.NewReader(s.Reveal()))
	d.UseNumber() // a field's digits are what they were
	var k kept
	ok := d.Decode(&k) == nil && k.Version == keptVersion && k.Site != "" && k.Subject != ""
	return k, ok
}
