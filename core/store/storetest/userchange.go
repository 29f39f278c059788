package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func userChangeRules() []rule {
	return []rule{
		{"change one field", "a change of the name must not touch the password", changeOneField},
		{"change to empty", "taking the last role or the password away is a change too", changeToEmpty},
		{"disable and enable", "a disabled account must stay so until somebody enables it", disableEnable},
		{"conditional change", "a password checked against an old hash must not replace a newer one", conditionalChange},
		{"parallel conditional change", "of several changes that saw one hash, one may win", parallelConditionalChange},
	}
}

func changeOneField(ctx context.Context, s store.Store) error {
	at := after(time.Minute)
	for i, step := range []struct {
		change core.UserChange
		apply  func(*core.User)
	}{
		{core.UserChange{}, func(*core.User) {}},
		{core.UserChange{Name: ptr("New")}, func(u *core.User) { u.Name = "New" }},
		{core.UserChange{Roles: ptr([]string{"viewer"})}, func(u *core.User) { u.Roles = []string{"viewer"} }},
		{core.UserChange{PasswordHash: ptr("new hash")}, func(u *core.User) { u.PasswordHash = "new hash" }},
		{core.UserChange{ChangedAt: at}, func(u *core.User) { u.PasswordChangedAt = at }},
		{core.UserChange{DisabledAt: &at}, func(u *core.User) { u.DisabledAt = at }},
		{core.UserChange{DisabledAt: &time.Time{}}, func(u *core.User) { u.DisabledAt = time.Time{} }},
		{
			core.UserChange{Name: ptr("N"), PasswordHash: ptr("h"), ChangedAt: at, IfPasswordHash: "hash-of-john"},
			func(u *core.User) { u.Name, u.PasswordHash, u.PasswordChangedAt = "N", "h", at },
		},
	} {
		users := s.Users(fmt.Sprint("strategy", i))
		if err := create(ctx, users, john(), jane()); err != nil {
			return err
		}
		if err := users.ChangeUser(ctx, "u-john", step.change); err != nil {
			return fmt.Errorf("ChangeUser, step %d: %w", i, err)
		}
		want := john()
		step.apply(&want)
		if err := wantUser(ctx, users, want); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if err := wantUser(ctx, users, jane()); err != nil {
			return fmt.Errorf("step %d changed another user: %w", i, err)
		}
	}
	return nil
}

func changeToEmpty(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, john()); err != nil {
		return err
	}
	change := core.UserChange{Name: ptr(""), Roles: ptr([]string{}), PasswordHash: ptr("")}
	if err := users.ChangeUser(ctx, "u-john", change); err != nil {
		return err
	}
	got, err := users.User(ctx, "u-john")
	if err != nil {
		return err
	}
	return equal("name, hash, number of roles", []any{got.Name, got.PasswordHash, len(got.Roles)}, []any{"", "", 0})
}

func disableEnable(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, jane()); err != nil {
		return err
	}
	at := after(time.Second)
	disabled := jane()
	disabled.DisabledAt = at
	return all(
		func() error { return users.ChangeUser(ctx, "u-jane", core.UserChange{DisabledAt: &at}) },
		func() error { return wantUser(ctx, users, disabled) },
		func() error { return users.ChangeUser(ctx, "u-jane", core.UserChange{Roles: ptr(jane().Roles)}) },
		func() error { return wantUser(ctx, users, disabled) },
		func() error { return users.ChangeUser(ctx, "u-jane", core.UserChange{DisabledAt: &time.Time{}}) },
		func() error { return wantUser(ctx, users, jane()) },
	)
}

func conditionalChange(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, john()); err != nil {
		return err
	}
	at := after(time.Minute)
	late := core.UserChange{
		Name: ptr("late"), Roles: ptr([]string{"late"}), PasswordHash: ptr("late"), DisabledAt: &at,
		ChangedAt: at, IfPasswordHash: "an older hash",
	}
	want := john()
	want.PasswordHash = "new"
	return all(
		func() error {
			return outcome("with another hash in place", users.ChangeUser(ctx, "u-john", late), core.Conflict)
		},
		func() error { return wantUser(ctx, users, john()) },
		func() error {
			return users.ChangeUser(ctx, "u-john", core.UserChange{PasswordHash: ptr("new"), IfPasswordHash: "hash-of-john"})
		},
		func() error { return wantUser(ctx, users, want) },
	)
}

func parallelConditionalChange(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, john()); err != nil {
		return err
	}
	const n = 20
	counts := parallel(n, func(i int) core.Code {
		hash := fmt.Sprint("hash", i)
		return core.CodeOf(users.ChangeUser(ctx, "u-john", core.UserChange{PasswordHash: &hash, IfPasswordHash: "hash-of-john"}))
	})
	return equal("outcomes", counts, map[core.Code]int{"": 1, core.Conflict: n - 1})
}
