package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func sessionRules() []rule {
	return []rule{
		{"session round trip", "check and refresh decide by these fields", sessionRoundTrip},
		{"identity is kept whole", "the object that clients see drops fields and must not be what is stored", identityKept},
		{"unknown session", "a session that does not exist signs nobody in", unknownSession},
		{"session IDs are unique", "a second session under one ID would hand the first to another person", sessionIDsUnique},
		{"incomplete session", "a session that names no account could not be ended with its account", incompleteSession},
		{"list an account's sessions", "people decide by this list what to log out", listAccountSessions},
		{"sessions are copies", "a caller who edits a result must not change the next result", sessionCopies},
	}
}

// johnID and janeID are accounts of the rules.
func johnID() core.AccountID { return core.AccountID{Strategy: "members", Subject: "u-john"} }
func janeID() core.AccountID { return core.AccountID{Strategy: "members", Subject: "u-jane"} }

// session is a session of an account, alive from start for an hour.
func session(id string, account core.AccountID) core.Session {
	return core.Session{
		ID: id, Identity: core.Identity{
			AccountID: account, Username: "john", Name: "John Doe", Email: "john@mail.com", EmailVerified: true,
			Avatar: "/john.png", Roles: []string{"admin"}, Claims: map[string]any{"team": "blue"},
		},
		AuthAt: after(-time.Second), CreatedAt: start(), AdvancedAt: start(),
		IdleExpires: after(time.Hour), Expires: after(24 * time.Hour),
		Persistent: true, Addr: "192.0.2.1", UserAgent: "Browser/1.0",
	}
}

func createSessions(ctx context.Context, s core.SessionStore, list ...core.Session) error {
	for _, n := range list {
		if err := s.CreateSession(ctx, n); err != nil {
			return fmt.Errorf("CreateSession(%q): %w", n.ID, err)
		}
	}
	return nil
}

// wantSession reads a session and compares.
func wantSession(ctx context.Context, s core.SessionReader, want core.Session) error {
	got, err := s.Session(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("Session(%q): %w", want.ID, err)
	}
	return equal("Session", got, want)
}

func sessionRoundTrip(ctx context.Context, s store.Store) error {
	full := session("s1", johnID())
	full.Generation, full.EndedAt, full.EndReason = 7, after(time.Minute), "logout"
	full.ConfirmedAt, full.LeasedUntil = after(2*time.Second), after(3*time.Second)
	full.Kept, full.RemoteID = []byte{0, 0xff, 'x'}, "sid-1"
	bare := core.Session{
		ID: "s2", Identity: core.Identity{AccountID: janeID()},
		AuthAt: start(), CreatedAt: start(), AdvancedAt: start(), IdleExpires: start(), Expires: start(),
	}
	zone := session("s3", johnID())
	zone.CreatedAt = zone.CreatedAt.In(time.FixedZone("elsewhere", 5*3600))
	if err := createSessions(ctx, s, full, bare, zone); err != nil {
		return err
	}
	return all(
		func() error { return wantSession(ctx, s, full) },
		func() error { return wantSession(ctx, s, bare) },
		func() error { return wantSession(ctx, s, session("s3", johnID())) },
	)
}

func identityKept(ctx context.Context, s store.Store) error {
	n := session("s1", johnID())
	n.Identity.Username, n.Identity.Name, n.Identity.Avatar = "only-username", "", ""
	n.Identity.Claims = map[string]any{
		"id": "a claim named id", "name": "a claim named name", "roles": []any{"x"}, "nothing": nil,
		"nested": map[string]any{"list": []any{1, "two", true}}, "big": uint64(18446744073709551615), "text": "<&>\u2028",
	}
	if err := createSessions(ctx, s, n); err != nil {
		return err
	}
	got, err := s.Session(ctx, "s1")
	if err != nil {
		return err
	}
	gotClaims, err := json.Marshal(got.Identity.Claims)
	if err != nil {
		return err
	}
	wantClaims, err := json.Marshal(n.Identity.Claims)
	if err != nil {
		return err
	}
	got.Identity.Claims, n.Identity.Claims = nil, nil
	return all(
		func() error { return equal("claims as JSON", string(gotClaims), string(wantClaims)) },
		func() error { return equal("the rest of the identity", got.Identity, n.Identity) },
	)
}

func unknownSession(ctx context.Context, s store.Store) error {
	_, readErr := s.Session(ctx, "nowhere")
	_, moved, advanceErr := s.AdvanceSession(ctx, core.SessionAdvance{ID: "nowhere", At: start(), IdleExpires: after(time.Hour)})
	return all(
		func() error { return outcome("Session", readErr, core.Unauthenticated) },
		func() error { return outcome("AdvanceSession", advanceErr, core.Unauthenticated) },
		func() error { return equal("moved", moved, false) },
	)
}

func sessionIDsUnique(ctx context.Context, s store.Store) error {
	if err := createSessions(ctx, s, session("s1", johnID())); err != nil {
		return err
	}
	return all(
		func() error {
			return outcome("CreateSession again", s.CreateSession(ctx, session("s1", janeID())), core.Conflict)
		},
		func() error { return wantSession(ctx, s, session("s1", johnID())) },
	)
}

func incompleteSession(ctx context.Context, s store.Store) error {
	for what, n := range map[string]core.Session{
		"without an ID":     session("", johnID()),
		"without strategy":  session("s1", core.AccountID{Subject: "u-john"}),
		"without a subject": session("s1", core.AccountID{Strategy: "members"}),
	} {
		if err := outcome(what, s.CreateSession(ctx, n), core.InvalidInput); err != nil {
			return err
		}
	}
	return nil
}

func listAccountSessions(ctx context.Context, s store.Store) error {
	oldest, newest, middle := session("a", johnID()), session("b", johnID()), session("c", johnID())
	oldest.CreatedAt, newest.CreatedAt, middle.CreatedAt = after(-3*time.Hour), after(-time.Hour), after(-2*time.Hour)
	ended, idle, dead := session("d", johnID()), session("e", johnID()), session("f", johnID())
	ended.EndedAt = start()
	idle.IdleExpires = after(time.Minute)
	dead.Expires = after(time.Minute)
	elsewhere := session("g", core.AccountID{Strategy: "partners", Subject: "u-john"})
	if err := createSessions(ctx, s, oldest, newest, middle, ended, idle, dead, elsewhere, session("h", janeID())); err != nil {
		return err
	}
	for _, look := range []struct {
		at   time.Time
		want string
	}{
		{after(time.Minute - time.Millisecond), "e f b c a"},
		{after(time.Minute), "b c a"}, // a lifetime ends at its end
		{after(time.Hour), ""},
	} {
		list, err := s.AccountSessions(ctx, johnID(), look.at)
		if err != nil {
			return err
		}
		var ids []string
		for _, n := range list {
			ids = append(ids, n.ID)
		}
		if err := equal(fmt.Sprint("sessions at ", look.at), strings.Join(ids, " "), look.want); err != nil {
			return err
		}
	}
	return wantListed(ctx, s, oldest)
}

// wantListed checks that the list shows the same rows as Session does.
func wantListed(ctx context.Context, s core.SessionReader, want core.Session) error {
	list, err := s.AccountSessions(ctx, want.Identity.AccountID, start())
	if err != nil {
		return err
	}
	for _, got := range list {
		if got.ID == want.ID {
			return equal("listed session", got, want)
		}
	}
	return fmt.Errorf("session %q is not in the list", want.ID)
}

func sessionCopies(ctx context.Context, s store.Store) error {
	given := session("s1", johnID())
	if err := createSessions(ctx, s, given); err != nil {
		return err
	}
	given.Identity.Roles[0] = "changed by the caller"
	given.Identity.Claims["team"] = "changed by the caller"
	got, err := s.Session(ctx, "s1")
	if err != nil {
		return err
	}
	got.Identity.Roles[0] = "changed by a reader"
	got.Identity.Claims["team"] = "changed by a reader"
	return wantSession(ctx, s, session("s1", johnID()))
}
