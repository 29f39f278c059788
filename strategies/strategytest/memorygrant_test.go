package strategytest_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/strategytest"
)

// The other site of memory: it grants what may be renewed once, and signs
// tokens and notices.

func (b *back) granted() core.Secret {
	name := rand.Text()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.grants[name] = true
	return core.NewSecret(name)
}

// spend says whether a grant stands, and ends it.
func (b *back) spend(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	stands := b.grants[name]
	delete(b.grants, name)
	return stands
}

func sign(text string) string {
	mac := hmac.New(sha256.New, []byte("the other site's key"))
	mac.Write([]byte(text))
	return text + "." + hex.EncodeToString(mac.Sum(nil))
}

// believed returns the parts of a signed text, without the signature.
func believed(token, kind string) ([]string, bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || sign(token[:i]) != token {
		return nil, false
	}
	parts := strings.Split(token[:i], ".")
	return parts, parts[0] == kind && len(parts) == 3
}

func (m *memory) otherSite(now func() time.Time) *strategytest.OtherSite {
	return &strategytest.OtherSite{
		Grant: func(ctx context.Context, _ core.Strategy) (core.Grant, error) { return m.grant(ctx) },
		Token: func(nonce string) string { return sign("token.id-1." + nonce) },
		Notice: func() string {
			return sign("notice.id-1." + strconv.FormatInt(now().UnixNano(), 10) + "-" + rand.Text())
		},
		Revoke: func() {
			m.back.mu.Lock()
			defer m.back.mu.Unlock()
			clear(m.back.grants)
		},
	}
}

func (m *memory) grant(ctx context.Context) (core.Grant, error) {
	id, err := m.person(ctx, subject("id-1"))
	return core.Grant{Identity: id, Keep: m.back.granted(), SessionID: "session-1"}, err
}

func (m *memory) Renew(ctx context.Context, g core.Grant) (core.Grant, error) {
	if err := m.reach(ctx); err != nil {
		return core.Grant{}, err
	}
	if !m.back.spend(g.Keep.Reveal()) {
		return core.Grant{}, core.UnknownUser
	}
	return m.grant(ctx)
}

func (m *memory) AuthenticateToken(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
	if err := m.reach(ctx); err != nil {
		return core.TokenGrant{}, err
	}
	parts, ok := believed(c.Credential.Reveal(), "token")
	if !ok || c.Nonce != "" && parts[2] != c.Nonce {
		return core.TokenGrant{}, core.InvalidCredentials
	}
	g, err := m.grant(ctx)
	return core.TokenGrant{Grant: g, ID: c.Credential.Reveal(), Expires: time.Now().Add(time.Minute)}, err
}

func (m *memory) ReceiveLogout(ctx context.Context, token core.Secret) (core.LogoutNotice, error) {
	if err := m.reach(ctx); err != nil {
		return core.LogoutNotice{}, err
	}
	parts, ok := believed(token.Reveal(), "notice")
	if !ok {
		return core.LogoutNotice{}, core.InvalidInput
	}
	text, id, _ := strings.Cut(parts[2], "-")
	issued, err := strconv.ParseInt(text, 10, 64)
	return core.LogoutNotice{ID: id, IssuedAt: time.Unix(0, issued), Expires: time.Now().Add(time.Minute), Subject: parts[1]}, err
}

func grantMutants() []mutant {
	return append(renewalMutants(), siteMutants()...)
}

func renewalMutants() []mutant {
	large := core.NewSecret(strings.Repeat("x", core.MaxKeep+1))
	changed := func(f func(g *core.Grant, asked core.Grant)) func(*subjectOfStudy) {
		return func(s *subjectOfStudy) {
			s.renew(func(ctx context.Context, asked core.Grant) (core.Grant, error) {
				g, err := s.Renew(ctx, asked)
				f(&g, asked)
				return g, err
			})
		}
	}
	return []mutant{
		{"a grant fits", "too much is kept", func(s *subjectOfStudy) {
			s.backend.Other.Grant = func(ctx context.Context, _ core.Strategy) (core.Grant, error) {
				g, err := s.grant(ctx)
				g.Keep = large
				return g, err
			}
		}},
		{"a good grant renews", "what changed is not kept", changed(func(g *core.Grant, asked core.Grant) { g.Keep = asked.Keep })},
		{"a good grant renews", "too much is kept", changed(func(g *core.Grant, _ core.Grant) { g.Keep = large })},
		{"a good grant renews", "the roles are lost", changed(func(g *core.Grant, _ core.Grant) { g.Identity.Roles = nil })},
		{"a good grant renews", "the session's name is lost", changed(func(g *core.Grant, _ core.Grant) { g.SessionID = "" })},
		{"a revoked grant does not renew", "it renews", func(s *subjectOfStudy) {
			s.renew(func(ctx context.Context, _ core.Grant) (core.Grant, error) { return s.grant(ctx) })
		}},
		{"a revoked grant does not renew", "it is an outage", func(s *subjectOfStudy) {
			s.renew(func(ctx context.Context, g core.Grant) (core.Grant, error) {
				g, err := s.Renew(ctx, g)
				if err != nil {
					err = core.Unavailable
				}
				return g, err
			})
		}},
		{"an outage is no verdict", "a grant that cannot be asked about is revoked", func(s *subjectOfStudy) {
			s.renew(func(ctx context.Context, g core.Grant) (core.Grant, error) {
				g, err := s.Renew(ctx, g)
				if err != nil {
					err = core.UnknownUser
				}
				return g, err
			})
		}},
	}
}

func siteMutants() []mutant {
	believing := func(f func(c *core.TokenCredentials)) func(*subjectOfStudy) {
		return func(s *subjectOfStudy) {
			s.token(func(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
				f(&c)
				return s.AuthenticateToken(ctx, c)
			})
		}
	}
	granting := func(f func(g *core.TokenGrant)) func(*subjectOfStudy) {
		return func(s *subjectOfStudy) {
			s.token(func(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
				g, err := s.AuthenticateToken(ctx, c)
				if err == nil {
					f(&g)
				}
				return g, err
			})
		}
	}
	noticing := func(f func(n *core.LogoutNotice)) func(*subjectOfStudy) {
		return func(s *subjectOfStudy) {
			s.receive(func(ctx context.Context, t core.Secret) (core.LogoutNotice, error) {
				n, err := s.ReceiveLogout(ctx, t)
				if err == nil {
					f(&n)
				}
				return n, err
			})
		}
	}
	return []mutant{
		{"a token signs its owner in", "somebody else", granting(func(g *core.TokenGrant) { g.Identity.Subject = "id-2" })},
		{"a token signs its owner in", "for ever", granting(func(g *core.TokenGrant) { g.Expires = time.Time{} })},
		{"a token signs its owner in", "too much is kept", granting(func(g *core.TokenGrant) {
			g.Keep = core.NewSecret(strings.Repeat("x", core.MaxKeep+1))
		})},
		{"a token has one name", "none", granting(func(g *core.TokenGrant) { g.ID = "" })},
		{"a token has one name", "one for all", granting(func(g *core.TokenGrant) { g.ID = "token" })},
		{"a token has one name", "another each time", granting(func(g *core.TokenGrant) { g.ID = rand.Text() })},
		{"a token has one name", "one for each spelling", func(s *subjectOfStudy) {
			s.token(func(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
				typed := c.Credential.Reveal()
				c.Credential = core.NewSecret(strings.TrimSpace(typed))
				g, err := s.AuthenticateToken(ctx, c)
				g.ID = typed
				return g, err
			})
		}},
		{"a forged token is refused", "the signature is not looked at", believing(func(c *core.TokenCredentials) {
			if i := strings.LastIndexByte(c.Credential.Reveal(), '.'); i > 0 {
				c.Credential = core.NewSecret(sign(c.Credential.Reveal()[:i]))
			}
		})},
		{"a forged token is refused", "it is an outage", func(s *subjectOfStudy) {
			s.token(func(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
				g, err := s.AuthenticateToken(ctx, c)
				if err != nil {
					err = core.Unavailable
				}
				return g, err
			})
		}},
		{"a token for another question is refused", "the nonce is not looked at", believing(func(c *core.TokenCredentials) { c.Nonce = "" })},
		{"a logout notice names what ends", "nobody", noticing(func(n *core.LogoutNotice) { n.Subject = "" })},
		{"a logout notice names what ends", "one name for all", noticing(func(n *core.LogoutNotice) { n.ID = "notice" })},
		{"a logout notice names what ends", "it is over before it came", noticing(func(n *core.LogoutNotice) { n.Expires = time.Time{} })},
		{"a logout notice can be repeated", "each time it has another name", noticing(func(n *core.LogoutNotice) { n.ID = rand.Text() })},
		{"a logout notice names what ends", "whenever that was", noticing(func(n *core.LogoutNotice) { n.IssuedAt = time.Time{} })},
		{"a logout notice names what ends", "sessions to come, too", noticing(func(n *core.LogoutNotice) { n.IssuedAt = n.IssuedAt.Add(time.Hour) })},
		{"a logout notice can be repeated", "it was issued when it came", func(s *subjectOfStudy) {
			s.receive(func(ctx context.Context, t core.Secret) (core.LogoutNotice, error) {
				n, err := s.ReceiveLogout(ctx, t)
				n.IssuedAt = s.env.Now()
				return n, err
			})
		}},
		{"a logout notice can be repeated", "somebody else's sessions end", noticing(func(n *core.LogoutNotice) { n.Subject = rand.Text() })},
		{"a logout notice can be repeated", "each is taken once", func(s *subjectOfStudy) {
			var seen sync.Map
			s.receive(func(ctx context.Context, t core.Secret) (core.LogoutNotice, error) {
				n, err := s.ReceiveLogout(ctx, t)
				if _, known := seen.LoadOrStore(t.Reveal(), true); known && err == nil {
					return core.LogoutNotice{}, core.InvalidInput
				}
				return n, err
			})
		}},
		{"a forged logout notice is refused", "a token is as good as a notice", func(s *subjectOfStudy) {
			s.receive(func(ctx context.Context, t core.Secret) (core.LogoutNotice, error) {
				if parts, ok := believed(t.Reveal(), "token"); ok {
					return core.LogoutNotice{Subject: parts[1]}, nil
				}
				return s.ReceiveLogout(ctx, t)
			})
		}},
		{"a forged logout notice is refused", "the signature is not looked at", func(s *subjectOfStudy) {
			s.receive(func(ctx context.Context, t core.Secret) (core.LogoutNotice, error) {
				if i := strings.LastIndexByte(t.Reveal(), '.'); i > 0 {
					t = core.NewSecret(sign(t.Reveal()[:i]))
				}
				return s.ReceiveLogout(ctx, t)
			})
		}},
		{"no secret is shown", "an error has the token", func(s *subjectOfStudy) {
			s.token(func(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
				g, err := s.AuthenticateToken(ctx, c)
				if err != nil {
					err = errors.Join(err, errors.New(c.Credential.Reveal()))
				}
				return g, err
			})
		}},
	}
}
