package sqlite

import (
	"context"
	"database/sql"

	"github.com/authd-go/authd/core"
)

// users is the core.UserStore of one strategy.
type users struct {
	store    *Store
	strategy string
}

const userColumns = `id, email, username, name, avatar, roles, password_hash, password_changed_at, created_at, disabled_at`

func scanUser(r row) (core.User, error) {
	var u core.User
	err := r.Scan(&u.ID, &u.Email, &u.Username, &u.Name, &u.Avatar, jsonColumn{&u.Roles}, &u.PasswordHash,
		timeColumn{&u.PasswordChangedAt}, timeColumn{&u.CreatedAt}, timeColumn{&u.DisabledAt})
	if err != nil {
		return core.User{}, none(err, core.UnknownUser)
	}
	return u, nil
}

// User returns the user with this subject, or UnknownUser.
func (u *users) User(ctx context.Context, id string) (core.User, error) {
	return u.one(ctx, "read a user", `SELECT `+userColumns+` FROM users WHERE strategy = ? AND id = ?`, u.strategy, id)
}

// FindUser returns the user whose email or username this is, or UnknownUser.
func (u *users) FindUser(ctx context.Context, identifier string) (core.User, error) {
	return u.one(ctx, "find a user", `SELECT `+userColumns+` FROM users WHERE strategy = ?1 AND id =
		(SELECT user_id FROM user_identifiers WHERE strategy = ?1 AND identifier = ?2)`, u.strategy, identifier)
}

func (u *users) one(ctx context.Context, op, query string, args ...any) (found core.User, err error) {
	err = u.store.read(op, func(db *statements) error {
		found, err = scanUser(db.QueryRowContext(ctx, query, args...))
		return err
	})
	return found, err
}

// Users lists at most limit users with an ID greater than after, by ID.
func (u *users) Users(ctx context.Context, after string, limit int) (list []core.User, err error) {
	err = u.store.read("list users", func(db *statements) error {
		list, err = queryAll(ctx, db, scanUser, `SELECT `+userColumns+` FROM users
			WHERE strategy = ? AND id > ? ORDER BY id LIMIT ?`, u.strategy, after, max(limit, 0))
		return err
	})
	return list, err
}

// CreateUser stores a new user, or answers Conflict. A user without an ID or
// without both email and username is InvalidInput.
func (u *users) CreateUser(ctx context.Context, user core.User) error {
	const op = "create a user"
	if user.ID == "" || (user.Email == "" && user.Username == "") {
		return core.Fail(core.InvalidInput, op, nil)
	}
	roles, err := encodeJSON(user.Roles)
	if err != nil {
		return wrap(op, err)
	}
	return u.store.write(ctx, op, func(ctx context.Context, tx *statements) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO users (strategy, `+userColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
			u.strategy, user.ID, user.Email, user.Username, user.Name, user.Avatar, roles, user.PasswordHash,
			micros(user.PasswordChangedAt), micros(user.CreatedAt), nullMicros(user.DisabledAt))
		if err != nil {
			return err
		}
		return u.addIdentifiers(ctx, tx, user)
	})
}

// addIdentifiers claims the email and the username. They may be equal.
func (u *users) addIdentifiers(ctx context.Context, tx *statements, user core.User) error {
	identifiers := []string{user.Email}
	if user.Username != user.Email {
		identifiers = append(identifiers, user.Username)
	}
	for _, identifier := range identifiers {
		if identifier == "" {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO user_identifiers (strategy, identifier, user_id) VALUES (?, ?, ?)`,
			u.strategy, identifier, user.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// ChangeUser changes some fields, or answers UnknownUser or Conflict.
func (u *users) ChangeUser(ctx context.Context, id string, c core.UserChange) error {
	const op = "change a user"
	change, err := userChange(c)
	if err != nil {
		return wrap(op, err)
	}
	args := append(change, u.strategy, id, c.IfPasswordHash)
	return u.store.write(ctx, op, func(ctx context.Context, tx *statements) error {
		changed, err := affected(tx.ExecContext(ctx, `UPDATE users SET
			name = coalesce(?1, name), roles = coalesce(?2, roles), password_hash = coalesce(?3, password_hash),
			password_changed_at = coalesce(?4, password_changed_at),
			disabled_at = CASE WHEN ?5 THEN ?6 ELSE disabled_at END
			WHERE strategy = ?7 AND id = ?8 AND (?9 = '' OR password_hash = ?9)`, args...))
		if err != nil || changed == 1 {
			return err
		}
		return u.whyUnchanged(ctx, tx, id)
	})
}

// userChange returns the first six parameters of ChangeUser's statement: NULL
// leaves a column as it is, and for disabled_at a flag says so.
func userChange(c core.UserChange) ([]any, error) {
	var roles *string
	if c.Roles != nil {
		encoded, err := encodeJSON(*c.Roles)
		if err != nil {
			return nil, err
		}
		roles = &encoded
	}
	var disabledAt sql.NullInt64
	if c.DisabledAt != nil {
		disabledAt = nullMicros(*c.DisabledAt)
	}
	return []any{c.Name, roles, c.PasswordHash, nullMicros(c.ChangedAt), c.DisabledAt != nil, disabledAt}, nil
}

func (u *users) whyUnchanged(ctx context.Context, tx *statements, id string) error {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM users WHERE strategy = ? AND id = ?`, u.strategy, id).Scan(&one)
	if err != nil {
		return none(err, core.UnknownUser)
	}
	return core.Conflict // IfPasswordHash names another hash
}

// DeleteUser removes the user and frees its identifiers, or answers UnknownUser.
func (u *users) DeleteUser(ctx context.Context, id string) error {
	return u.store.write(ctx, "delete a user", func(ctx context.Context, tx *statements) error {
		deleted, err := affected(tx.ExecContext(ctx, `DELETE FROM users WHERE strategy = ? AND id = ?`, u.strategy, id))
		if err == nil && deleted == 0 {
			return core.UnknownUser
		}
		return err
	})
}

// affected says how many rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// queryAll scans every row.
func queryAll[T any](ctx context.Context, q *statements, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told of any failure
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
