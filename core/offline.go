package core

import (
	"context"
	"errors"
)

var errOffline = errors.New("opened for a check only")

// OfflineUsers is a UserStore that answers Unavailable to everything. It
// stands in when a strategy is opened only to see what it can do.
type OfflineUsers struct{}

func offline() error { return Fail(Unavailable, "user store", errOffline) }

// User implements UserFinder.
func (OfflineUsers) User(context.Context, string) (User, error) { return User{}, offline() }

// FindUser implements UserFinder.
func (OfflineUsers) FindUser(context.Context, string) (User, error) { return User{}, offline() }

// Users implements UserFinder.
func (OfflineUsers) Users(context.Context, string, int) ([]User, error) { return nil, offline() }

// CreateUser implements UserStore.
func (OfflineUsers) CreateUser(context.Context, User) error { return offline() }

// ChangeUser implements UserStore.
func (OfflineUsers) ChangeUser(context.Context, string, UserChange) error { return offline() }

// DeleteUser implements UserStore.
func (OfflineUsers) DeleteUser(context.Context, string) error { return offline() }
