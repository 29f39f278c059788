package storetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func userRules() []rule {
	return []rule{
		{"user round trip", "a field that is lost cannot be told from one that was never set", userRoundTrip},
		{"user with little", "a user without an email, roles or a password must not gain any", userWithLittle},
		{"unknown users", "a login of an unknown user must be refused as such, and never match by an empty name", unknownUsers},
		{"identifiers are unique", "an identifier that names two users lets one in as the other", identifiersUnique},
		{"refused user leaves nothing", "a half-made user would block the name for its owner", refusedUserLeavesNothing},
		{"incomplete user", "a user nobody can name could never sign in nor be removed", incompleteUser},
		{"parallel registration", "two people who register one address at once must not both own it", parallelRegistration},
		{"strategies are separate", "equal names in two backends are two people", strategiesSeparate},
		{"text is compared by bytes", "who is equal is decided by the canonical form, not by a collation", textByBytes},
		{"any text is kept", "a quote or a wildcard in a name is text, not syntax", anyText},
		{"list users", "a page that skips or repeats a user hides an account from its administrator", listUsers},
		{"delete a user", "a deleted user must be gone, and the address free for a new account", deleteUser},
		{"users are copies", "a caller who sorts the roles of a result must not change the next result", userCopies},
	}
}

// john is a user with every field set.
func john() core.User {
	return core.User{
		ID: "u-john", Email: "john@mail.com", Username: "john", Name: "John Doe", Avatar: "/john.png",
		Roles: []string{"admin", "editor"}, PasswordHash: "hash-of-john",
		PasswordChangedAt: after(-time.Hour), CreatedAt: after(-2 * time.Hour), DisabledAt: after(-time.Minute),
	}
}

// jane is another user.
func jane() core.User {
	return core.User{
		ID: "u-jane", Email: "jane@mail.com", Username: "jane", Name: "Jane Doe", Roles: []string{"editor"},
		PasswordHash: "hash-of-jane", PasswordChangedAt: start(), CreatedAt: start(),
	}
}

// wantUser reads a user by ID and compares.
func wantUser(ctx context.Context, s core.UserStore, want core.User) error {
	got, err := s.User(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("User(%q): %w", want.ID, err)
	}
	return equal("User", got, want)
}

func create(ctx context.Context, s core.UserStore, list ...core.User) error {
	for _, u := range list {
		if err := s.CreateUser(ctx, u); err != nil {
			return fmt.Errorf("CreateUser(%q): %w", u.ID, err)
		}
	}
	return nil
}

func userRoundTrip(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, john(), jane()); err != nil {
		return err
	}
	for _, want := range []core.User{john(), jane()} {
		if err := wantUser(ctx, users, want); err != nil {
			return err
		}
		for _, identifier := range []string{want.Email, want.Username} {
			got, err := users.FindUser(ctx, identifier)
			if err != nil {
				return fmt.Errorf("FindUser(%q): %w", identifier, err)
			}
			if err := equal("FindUser", got, want); err != nil {
				return err
			}
		}
	}
	return nil
}

func userWithLittle(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	little := core.User{ID: "u1", Username: "one"}
	same := core.User{ID: "u2", Email: "two@mail.com", Username: "two@mail.com"}
	if err := create(ctx, users, little, same); err != nil {
		return err
	}
	return all(
		func() error { return wantUser(ctx, users, little) },
		func() error { return wantUser(ctx, users, same) },
	)
}

func unknownUsers(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, core.User{ID: "u1", Username: "one"}); err != nil {
		return err
	}
	for _, name := range []string{"nobody", "", "%", "u1"} {
		_, err := users.FindUser(ctx, name)
		if err := outcome(fmt.Sprintf("FindUser(%q)", name), err, core.UnknownUser); err != nil {
			return err
		}
	}
	_, err := users.User(ctx, "one")
	return all(
		func() error { return outcome("User by its username", err, core.UnknownUser) },
		func() error {
			return outcome("ChangeUser", users.ChangeUser(ctx, "u2", core.UserChange{Name: ptr("x")}), core.UnknownUser)
		},
		func() error {
			change := core.UserChange{Name: ptr("x"), IfPasswordHash: "hash"}
			return outcome("conditional ChangeUser", users.ChangeUser(ctx, "u2", change), core.UnknownUser)
		},
		func() error { return outcome("DeleteUser", users.DeleteUser(ctx, "u2"), core.UnknownUser) },
	)
}

func identifiersUnique(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, john()); err != nil {
		return err
	}
	for what, u := range map[string]core.User{
		"the same ID":           {ID: "u-john", Username: "other"},
		"the same email":        {ID: "u2", Email: "john@mail.com"},
		"the same username":     {ID: "u2", Username: "john"},
		"an email as username":  {ID: "u2", Username: "john@mail.com"},
		"a username as email":   {ID: "u2", Email: "john"},
		"email free, name used": {ID: "u2", Email: "free@mail.com", Username: "john"},
	} {
		if err := outcome("CreateUser with "+what, users.CreateUser(ctx, u), core.Conflict); err != nil {
			return err
		}
	}
	return wantUser(ctx, users, john())
}

func refusedUserLeavesNothing(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, john()); err != nil {
		return err
	}
	refused := core.User{ID: "u2", Email: "free@mail.com", Username: "john"}
	if err := outcome("CreateUser", users.CreateUser(ctx, refused), core.Conflict); err != nil {
		return err
	}
	_, byID := users.User(ctx, "u2")
	_, byEmail := users.FindUser(ctx, "free@mail.com")
	return all(
		func() error { return outcome("User after the refusal", byID, core.UnknownUser) },
		func() error { return outcome("FindUser after the refusal", byEmail, core.UnknownUser) },
		func() error { return create(ctx, users, core.User{ID: "u2", Email: "free@mail.com"}) },
	)
}

func incompleteUser(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	return all(
		func() error {
			return outcome("without an ID", users.CreateUser(ctx, core.User{Email: "a@mail.com"}), core.InvalidInput)
		},
		func() error {
			return outcome("without a name", users.CreateUser(ctx, core.User{ID: "u1", Name: "A"}), core.InvalidInput)
		},
	)
}

func parallelRegistration(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	const n = 30
	counts := parallel(n, func(i int) core.Code {
		u := jane()
		u.ID, u.Username = fmt.Sprintf("u%d", i), fmt.Sprintf("name%d", i)
		return core.CodeOf(users.CreateUser(ctx, u))
	})
	if err := equal("outcomes", counts, map[core.Code]int{"": 1, core.Conflict: n - 1}); err != nil {
		return err
	}
	list, err := users.Users(ctx, "", n)
	if err != nil {
		return err
	}
	return equal("number of users", len(list), 1)
}

func strategiesSeparate(ctx context.Context, s store.Store) error {
	members, partners := s.Users("members"), s.Users("partners")
	other := john()
	other.Name, other.PasswordHash = "Another John", "another hash"
	if err := create(ctx, members, john(), jane()); err != nil {
		return err
	}
	_, unseen := partners.FindUser(ctx, "john@mail.com")
	partnerJane := core.User{ID: "p-jane", Email: "jane@mail.com", Username: "jane"}
	return all(
		func() error { return outcome("FindUser in the other strategy", unseen, core.UnknownUser) },
		func() error { return outcome("DeleteUser there", partners.DeleteUser(ctx, "u-jane"), core.UnknownUser) },
		func() error { return create(ctx, partners, other, partnerJane) },
		func() error { return wantFound(ctx, members, "jane", "u-jane") },
		func() error { return wantFound(ctx, partners, "jane", "p-jane") },
		func() error { return partners.ChangeUser(ctx, "u-john", core.UserChange{PasswordHash: ptr("changed")}) },
		func() error { return wantUser(ctx, members, john()) },
		func() error { return partners.DeleteUser(ctx, "u-john") },
		func() error { return partners.DeleteUser(ctx, "p-jane") },
		func() error { return wantFound(ctx, members, "jane", "u-jane") },
		func() error { return wantUser(ctx, members, john()) },
		func() error {
			list, err := partners.Users(ctx, "", 10)
			return all(func() error { return err }, func() error { return equal("users left there", len(list), 0) })
		},
	)
}

// wantFound finds a user by an identifier and compares the ID.
func wantFound(ctx context.Context, s core.UserStore, identifier, id string) error {
	got, err := s.FindUser(ctx, identifier)
	if err != nil {
		return fmt.Errorf("FindUser(%q): %w", identifier, err)
	}
	return equal(fmt.Sprintf("FindUser(%q)", identifier), got.ID, id)
}

func textByBytes(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	names := []string{"zoe", "ZOE", "zoé", "zoe\u0301", "zoe ", " zoe"}
	for i, name := range names {
		if err := create(ctx, users, core.User{ID: fmt.Sprint("u", i), Username: name}); err != nil {
			return err
		}
	}
	for i, name := range names {
		got, err := users.FindUser(ctx, name)
		if err != nil {
			return err
		}
		if err := equal(fmt.Sprintf("FindUser(%q)", name), got.ID, fmt.Sprint("u", i)); err != nil {
			return err
		}
	}
	return nil
}

func anyText(ctx context.Context, s store.Store) error {
	users := s.Users(`it's "quoted"; --`)
	texts := []string{`a'b"c`, `50%_?\`, "line\nbreak\ttab", "名前 👩‍💻", "'; DROP TABLE users; --", strings.Repeat("long", 5000)}
	for i, text := range texts {
		u := core.User{ID: fmt.Sprint(i, text[:3]), Username: fmt.Sprint("n", i), Name: text, Avatar: text, Roles: []string{text, ""}, PasswordHash: text}
		if i < 5 {
			u.Username = text
		}
		if err := create(ctx, users, u); err != nil {
			return err
		}
		if err := wantUser(ctx, users, u); err != nil {
			return err
		}
		if _, err := users.FindUser(ctx, u.Username); err != nil {
			return fmt.Errorf("FindUser(%q): %w", u.Username, err)
		}
	}
	return nil
}

func listUsers(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	for _, id := range []string{"c", "a", "B", "e", "d"} {
		if err := create(ctx, users, core.User{ID: id, Username: "name-" + id}); err != nil {
			return err
		}
	}
	if err := create(ctx, s.Users("partners"), core.User{ID: "b", Username: "b"}); err != nil {
		return err
	}
	for _, page := range []struct {
		after string
		limit int
		want  string
	}{
		{"", 10, "B a c d e"}, {"", 2, "B a"}, {"a", 2, "c d"}, {"d", 2, "e"}, {"e", 2, ""}, {"bb", 1, "c"}, {"", 0, ""}, {"", -1, ""},
	} {
		list, err := users.Users(ctx, page.after, page.limit)
		if err != nil {
			return err
		}
		var ids []string
		for _, u := range list {
			ids = append(ids, u.ID)
		}
		if err := equal(fmt.Sprintf("Users(%q, %d)", page.after, page.limit), strings.Join(ids, " "), page.want); err != nil {
			return err
		}
	}
	return nil
}

func deleteUser(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	if err := create(ctx, users, john(), jane()); err != nil {
		return err
	}
	if err := users.DeleteUser(ctx, "u-john"); err != nil {
		return err
	}
	_, byID := users.User(ctx, "u-john")
	_, byName := users.FindUser(ctx, "john")
	again := core.User{ID: "u-new", Email: "john@mail.com", Username: "john"}
	return all(
		func() error { return outcome("User", byID, core.UnknownUser) },
		func() error { return outcome("FindUser", byName, core.UnknownUser) },
		func() error { return outcome("DeleteUser again", users.DeleteUser(ctx, "u-john"), core.UnknownUser) },
		func() error { return create(ctx, users, again) },
		func() error { return wantUser(ctx, users, jane()) },
	)
}

func userCopies(ctx context.Context, s store.Store) error {
	users := s.Users("members")
	given := john()
	if err := create(ctx, users, given); err != nil {
		return err
	}
	given.Roles[0] = "changed by the caller"
	roles := []string{"viewer"}
	got, err := users.User(ctx, "u-john")
	if err != nil {
		return err
	}
	got.Roles[0] = "changed by a reader"
	return all(
		func() error { return wantUser(ctx, users, john()) },
		func() error { return users.ChangeUser(ctx, "u-john", core.UserChange{Roles: &roles}) },
		func() error {
			roles[0] = "changed after the change"
			got, err := users.User(ctx, "u-john")
			return all(func() error { return err }, func() error { return equal("roles", got.Roles, []string{"viewer"}) })
		},
	)
}
