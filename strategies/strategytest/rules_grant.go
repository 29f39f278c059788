package strategytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

func grantRules() []Rule {
	renew, token, receive := Need(core.CanRenew), Need(core.CanLoginToken), Need(core.CanReceiveLogout)
	return []Rule{
		{"a grant fits", "the house refuses to keep more, and the login would fail", []Need{NeedGrant}, grantFits},
		{"a good grant renews", "a refresh must not sign people out, nor the one after it", []Need{renew, NeedGrant}, goodRenews},
		{"a revoked grant does not renew", "who left must be signed out", []Need{renew, NeedGrant, NeedRevoke}, revokedRenews},
		{"a token signs its owner in", "the site's own button must lead to the same account", []Need{token, NeedToken, NeedGrant}, tokenSignsIn},
		{"a token has one name", "the house takes each token once, by its name", []Need{token, NeedToken}, tokenHasOneName},
		{"a forged token is refused", "anybody can write one", []Need{token, NeedToken}, forgedTokens},
		{"a token for another question is refused", "a token that was stolen elsewhere has another nonce", []Need{token, NeedToken}, otherNonce},
		{"a logout notice names what ends", "the house ends what is named, and believes each notice once", []Need{receive, NeedNotice}, noticeNames},
		{"a logout notice can be repeated", "the first time, the store may have been down; then older sessions end, and the house has to know the notice", []Need{receive, NeedNotice}, noticeRepeats},
		{"a forged logout notice is refused", "a stranger could sign everybody out", []Need{receive, NeedNotice}, forgedNotices},
	}
}

// other is the other site, or one that can do nothing.
func (tr *trial) other() OtherSite {
	if tr.Other == nil {
		return OtherSite{}
	}
	return *tr.Other
}

// present signs in with a token.
func (tr *trial) present(ctx context.Context, token, nonce string) (core.TokenGrant, error) {
	tr.shown = append(tr.shown, token)
	return tr.Strategy.TokenAuthenticator.AuthenticateToken(ctx, core.TokenCredentials{Credential: core.NewSecret(token), Nonce: nonce})
}

func (tr *trial) receive(ctx context.Context, token string) (core.LogoutNotice, error) {
	tr.shown = append(tr.shown, token)
	return tr.Strategy.LogoutReceiver.ReceiveLogout(ctx, core.NewSecret(token))
}

// grant signs the account in.
func (tr *trial) grant(ctx context.Context) (core.Grant, error) {
	g, err := tr.Other.Grant(ctx, tr.Strategy)
	if err != nil {
		return g, fmt.Errorf("sign the account in: %w", err)
	}
	if g.Identity.Subject == "" {
		return g, errors.New("the grant names nobody")
	}
	return g, fits(g)
}

func fits(g core.Grant) error {
	if n := len(g.Keep.Reveal()); n > core.MaxKeep {
		return fmt.Errorf("%d bytes are to be kept, at most %d can be", n, core.MaxKeep)
	}
	return nil
}

func grantFits(ctx context.Context, tr *trial) error {
	_, err := tr.grant(ctx)
	return err
}

// goodRenews asks twice, since what is kept may change with each question.
func goodRenews(ctx context.Context, tr *trial) error {
	first, err := tr.grant(ctx)
	if err != nil {
		return err
	}
	g := first
	for _, time := range []string{"the first time", "the second time"} {
		if g, err = tr.Strategy.Renewer.Renew(ctx, g); err != nil {
			return fmt.Errorf("renew %s: %w", time, err)
		}
		if err := errors.Join(fits(g), sameIdentity("Renew "+time, g.Identity, first.Identity)); err != nil {
			return err
		}
		if g.SessionID != first.SessionID {
			return fmt.Errorf("renew %s: the other site's session is %q, was %q", time, g.SessionID, first.SessionID)
		}
	}
	return nil
}

func revokedRenews(ctx context.Context, tr *trial) error {
	g, err := tr.grant(ctx)
	if err != nil {
		return err
	}
	tr.Other.Revoke()
	g, err = tr.Strategy.Renewer.Renew(ctx, g)
	return refused("Renew of a revoked grant", g.Identity, err, core.UnknownUser, core.Disabled, core.Locked)
}

func tokenSignsIn(ctx context.Context, tr *trial) error {
	want, err := tr.grant(ctx)
	if err != nil {
		return err
	}
	for _, nonce := range []string{"", "a-nonce"} {
		g, err := tr.present(ctx, tr.Other.Token(nonce), nonce)
		switch {
		case err != nil:
			return fmt.Errorf("a token with the nonce %q: %w", nonce, err)
		case g.Identity.Subject != want.Identity.Subject:
			return fmt.Errorf("a token is subject %q, the sign-in was %q", g.Identity.Subject, want.Identity.Subject)
		case g.Expires.IsZero():
			return errors.New("nothing says until when the token might be presented again")
		}
		if err := fits(g.Grant); err != nil {
			return err
		}
	}
	return nil
}

// forgeries are texts that are like a token, and are none.
func forgeries(token string) []string {
	middle, last := len(token)/2, token[len(token)-8:]
	return []string{
		"x", "..", "a.b.c", "\x00", token + token, token[:middle], token[middle:], token[:len(token)-8], strings.ToUpper(token),
		token[:len(token)-8] + flipped(last), flipped(token[:8]) + token[8:], strings.Repeat("x", 200_000),
	}
}

// flipped is a text in which each letter is another.
func flipped(text string) string {
	return strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return 'A'
	}, text)
}

func forgedTokens(ctx context.Context, tr *trial) error {
	for i, token := range forgeries(tr.Other.Token("")) {
		what := fmt.Sprintf("forged token %d", i)
		err := tr.inTime(what, func() error {
			g, err := tr.present(ctx, token, "")
			return refused(what, g.Identity, err, core.InvalidCredentials)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tokenHasOneName presents tokens twice, and in the spellings that lenient
// decoders take for the same.
func tokenHasOneName(ctx context.Context, tr *trial) error {
	names := map[string]bool{}
	for _, nonce := range []string{"a-nonce", "another-nonce"} {
		token := tr.Other.Token(nonce)
		first, err := tr.present(ctx, token, nonce)
		switch {
		case err != nil:
			return fmt.Errorf("a token: %w", err)
		case first.ID == "" || names[first.ID]:
			return fmt.Errorf("a token's name is %q, which is none, or another's", first.ID)
		}
		names[first.ID] = true
		for _, spelling := range append(respelled(token), token) {
			again, err := tr.present(ctx, spelling, nonce)
			if err == nil && again.ID != first.ID {
				return errors.New("the same token has two names, so it can be used twice")
			}
			if err != nil && spelling == token {
				return fmt.Errorf("the same token again: %w", err)
			}
		}
	}
	return nil
}

// respelled returns other texts that lenient decoders read as the same token:
// with white space, and with other bits where base64 has some to spare.
func respelled(token string) []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	out := []string{token + "\n", " " + token, strings.Replace(token, ".", ".\n", 1)}
	for end := range len(token) {
		if at := strings.IndexByte(alphabet, token[end]); at >= 0 && (end+1 == len(token) || token[end+1] == '.') {
			out = append(out, token[:end]+alphabet[at^1:at^1+1]+token[end+1:])
		}
	}
	return out
}

func otherNonce(ctx context.Context, tr *trial) error {
	for what, nonce := range map[string]string{"with another nonce": "another-nonce", "without a nonce": ""} {
		g, err := tr.present(ctx, tr.Other.Token(nonce), "a-nonce")
		if err := refused("a token "+what, g.Identity, err, core.InvalidCredentials); err != nil {
			return err
		}
	}
	return nil
}

func noticeNames(ctx context.Context, tr *trial) error {
	ids := map[string]bool{}
	for range 2 {
		n, err := tr.receive(ctx, tr.Other.Notice())
		switch now := tr.now(); {
		case err != nil:
			return fmt.Errorf("a notice: %w", err)
		case n.ID == "" || ids[n.ID]:
			return fmt.Errorf("a notice's id is %q, which is none, or another's", n.ID)
		case n.Subject == "" && n.SessionID == "":
			return errors.New("a notice names nobody")
		case n.IssuedAt.Before(now.Add(-time.Minute)), n.IssuedAt.After(now.Add(time.Minute)):
			return fmt.Errorf("a notice was issued at %v, and came at once, at %v", n.IssuedAt, now)
		case n.Expires.Before(now.Add(-time.Minute)):
			return fmt.Errorf("a notice might be presented again until %v, which was before it came", n.Expires)
		}
		ids[n.ID] = true
	}
	return nil
}

// noticeRepeats presents a notice twice, at times that differ.
func noticeRepeats(ctx context.Context, tr *trial) error {
	token := tr.Other.Notice()
	first, err := tr.receive(ctx, token)
	if err != nil {
		return fmt.Errorf("a notice: %w", err)
	}
	time.Sleep(2 * time.Millisecond)
	again, err := tr.receive(ctx, token)
	switch {
	case err != nil:
		return fmt.Errorf("the same notice again: %w", err)
	case again.ID != first.ID:
		return fmt.Errorf("a notice's id is %q, and when it came again, %q", first.ID, again.ID)
	case !again.IssuedAt.Equal(first.IssuedAt):
		return fmt.Errorf("a notice was issued at %v, and when it came again, at %v", first.IssuedAt, again.IssuedAt)
	case again.Subject != first.Subject, again.SessionID != first.SessionID:
		return fmt.Errorf("a notice named %q %q, and when it came again, %q %q", first.Subject, first.SessionID, again.Subject, again.SessionID)
	}
	return nil
}

func forgedNotices(ctx context.Context, tr *trial) error {
	wrong := forgeries(tr.Other.Notice())
	if tr.Other.Token != nil {
		wrong = append(wrong, tr.Other.Token(""))
	}
	for i, token := range wrong {
		what := fmt.Sprintf("forged notice %d", i)
		err := tr.inTime(what, func() error {
			n, err := tr.receive(ctx, token)
			if err == nil {
				return fmt.Errorf("%s: it ends the sessions of %q %q", what, n.Subject, n.SessionID)
			}
			return outcome(what, err, core.InvalidInput)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
