package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/core/session"
)

// publicURL looks at the address that is put into links, mails and callbacks.
func (k *checkup) publicURL(report func(core.Finding)) {
	u := k.config.Server.PublicURL
	f := core.Finding{Name: "public URL", Mark: core.MarkOK, Detail: u.String()}
	switch {
	case u.Scheme != "https" && !outbound.IsLoopback(u.Hostname()):
		f.Mark, f.Advice = core.MarkWarning, "passwords and cookies would cross the network unencrypted: put TLS in front, and write https:// in server.publicURL"
	case outbound.IsLoopback(u.Hostname()) && !listensLocally(k.config.Server.Listen):
		f.Mark, f.Advice = core.MarkWarning, "only browsers on this machine reach that address: set server.publicURL to the one that others use"
	}
	report(f)
}

func listensLocally(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && outbound.IsLoopback(host)
}

// secret looks at the file without creating it.
func (k *checkup) secret(report func(core.Finding)) {
	path := k.config.SecretFile
	f := core.Finding{Name: "secret file", Mark: core.MarkOK, Detail: path + ", readable by its owner only"}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		f.Mark, f.Detail, f.Advice = core.MarkWarning, path+" does not exist yet", "authd makes it when it first starts; if there should be one, look at secretFile: with a new one everybody has to sign in again"
	} else if _, err := session.LoadSecret(path); err != nil {
		f.Mark, f.Detail, f.Advice = core.MarkFailed, err.Error(), "authd does not start like this; secretFile names the file"
	}
	report(f)
}

// noUsers stands in for a store that is not there yet, or cannot be opened.
type noUsers struct{ core.OfflineUsers }

// User implements core.UserFinder.
func (noUsers) User(context.Context, string) (core.User, error) { return core.User{}, core.UnknownUser }

// FindUser implements core.UserFinder.
func (noUsers) FindUser(context.Context, string) (core.User, error) {
	return core.User{}, core.UnknownUser
}

// Users implements core.UserFinder.
func (noUsers) Users(context.Context, string, int) ([]core.User, error) { return nil, nil }

// silent drops what strategies log: the findings say it.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
