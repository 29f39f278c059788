package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/authd-go/authd/tools/bench/load"
)

// people is how many users the daemon has: as many as there are connections,
// so that each has an account, and a client address, of its own.
const people = 64

const password = "correct horse battery"

// membersConfig has users in the database, hashed with the least bcrypt cost,
// and believes the load about its addresses, as behind a proxy. Everything
// else is the default.
const membersConfig = `
server: {trustedProxies: [127.0.0.1/32]}
strategies:
  members: {type: local, hash: {bcryptCost: 10}}
methods:
  login: {use: members}
`

// members starts a daemon with users.
func (b *bench) members(ctx context.Context, name string) (*server, error) {
	dir, err := b.folder(name, membersConfig)
	if err != nil {
		return nil, err
	}
	for i := range people {
		cmd := b.authd(ctx, dir, "user", "add", email(i))
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("add a user: %w\n%s", err, out)
		}
	}
	s, err := b.startDaemon(ctx, dir)
	if err != nil {
		return nil, err
	}
	return s, s.ready(ctx)
}

func email(i int) string { return fmt.Sprintf("user%d@example.com", i) }

// loginRequest is a login of one of the people from an address of their own.
func loginRequest(addr string, i int) []byte {
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, email(i), password)
	return load.Post(addr, "/auth/login", []byte(body), fmt.Sprintf("X-Forwarded-For: 10.0.%d.%d", i/250, i%250+1))
}

// tokens are the part of an answer that a client keeps.
type tokens struct {
	Access  string `json:"accessToken"`
	Refresh string `json:"refreshToken"`
}

func tokensOf(a load.Answer) (tokens, error) {
	var t tokens
	if a.Status != 200 {
		return t, fmt.Errorf("status %d: %s", a.Status, a.Body)
	}
	if err := json.Unmarshal(a.Body, &t); err != nil {
		return t, fmt.Errorf("read tokens: %w", err)
	}
	if t.Access == "" || t.Refresh == "" {
		return t, errors.New("the answer has no tokens")
	}
	return t, nil
}

// signIn signs in the first n of the people.
func (s *server) signIn(ctx context.Context, n int) ([]tokens, error) {
	out := make([]tokens, n)
	for i := range out {
		answer, err := s.once(ctx, loginRequest(s.addr, i))
		if err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
		if out[i], err = tokensOf(answer); err != nil {
			return nil, fmt.Errorf("sign in: %w", err)
		}
	}
	return out, nil
}

// crew is a number of connections, each with its call.
type crew struct {
	conns []*load.Conn
	calls []load.Call
}

// crewOf connects n times. makeCall says what each connection does.
func (s *server) crewOf(ctx context.Context, n int, makeCall func(c *load.Conn, i int) load.Call) (*crew, error) {
	var out crew
	for i := range n {
		c, err := load.Dial(ctx, s.addr, connLimit)
		if err != nil {
			return nil, errors.Join(err, out.leave())
		}
		out.conns = append(out.conns, c)
		out.calls = append(out.calls, makeCall(c, i))
	}
	return &out, nil
}

func (c *crew) leave() error {
	var errs []error
	for _, conn := range c.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// repeat is a call that sends the same request each time and wants a 200.
func repeat(c *load.Conn, request []byte) load.Call {
	return func() error {
		answer, err := c.Do(request)
		if err == nil && answer.Status != 200 {
			err = fmt.Errorf("status %d: %s", answer.Status, answer.Body)
		}
		return err
	}
}
