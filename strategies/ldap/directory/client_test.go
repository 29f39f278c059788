package directory_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

const (
	base    = "dc=example,dc=org"
	service = "cn=reader," + base
	alice   = "uid=alice," + base
)

func entries() *ldaptest.Directory {
	return ldaptest.New(
		ldaptest.Entry{DN: service, Password: "reader-secret"},
		ldaptest.Entry{DN: alice, Password: "alice-pw", Attributes: map[string][]string{"uid": {"alice"}}},
	)
}

func client(t *testing.T, change func(*directory.Options), servers ...*ldaptest.Server) *directory.Client {
	t.Helper()
	o := directory.Options{BindDN: service, BindPassword: core.NewSecret("reader-secret"), Size: 4, Timeout: 500 * time.Millisecond}
	for _, s := range servers {
		o.URLs = append(o.URLs, s.URL())
	}
	if change != nil {
		change(&o)
	}
	c, err := directory.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func search(ctx context.Context, c *directory.Client) error {
	r, err := c.Search(ctx, ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(uid=alice)", []string{"uid"}, nil))
	if err == nil && len(r.Entries) != 1 {
		return fmt.Errorf("%d entries", len(r.Entries))
	}
	return err
}

func bind(ctx context.Context, c *directory.Client, password string) error {
	_, err := c.Bind(ctx, alice, core.NewSecret(password))
	return err
}

func mustWork(t *testing.T, c *directory.Client) {
	t.Helper()
	if err := errors.Join(search(t.Context(), c), bind(t.Context(), c, "alice-pw")); err != nil {
		t.Error(err)
	}
}

// TestEverySearchIsTheServices: users bind all the time, rightly and wrongly,
// and no search ever runs as one of them.
func TestEverySearchIsTheServices(t *testing.T) {
	d := entries()
	c := client(t, nil, ldaptest.Start(t, d))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if err := search(t.Context(), c); err != nil {
				t.Error(err)
			}
			password := "alice-pw"
			if i%3 == 0 {
				password = "wrong"
			}
			err := bind(t.Context(), c, password)
			if i%3 == 0 != ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) || (i%3 != 0 && err != nil) {
				t.Errorf("bind %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	searches := 0
	for _, s := range d.Seen() {
		if s.Op == "search" {
			searches++
			if s.As != service {
				t.Fatalf("a search ran as %q", s.As)
			}
		}
	}
	if searches != 200 {
		t.Errorf("%d searches", searches)
	}
}

func TestConnectionsAreKeptAndBounded(t *testing.T) {
	s := ldaptest.Start(t, entries())
	c := client(t, nil, s)
	for range 20 {
		mustWork(t, c)
	}
	if n := s.Dialled(); n != 2 {
		t.Errorf("%d connections for one caller after the other, want one of each pool", n)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { mustWork(t, c) })
	}
	wg.Wait()
	if n := s.Dialled(); n > 8 {
		t.Errorf("%d connections, more than two pools of 4", n)
	}
}

func TestOldAndIdleConnectionsGo(t *testing.T) {
	for name, change := range map[string]func(*directory.Options){
		"idle": func(o *directory.Options) { o.IdleTimeout = time.Nanosecond },
		"old":  func(o *directory.Options) { o.MaxLife = time.Nanosecond },
	} {
		s := ldaptest.Start(t, entries())
		c := client(t, change, s)
		for range 3 {
			if err := search(t.Context(), c); err != nil {
				t.Error(name, err)
			}
		}
		if n := s.Dialled(); n != 3 {
			t.Errorf("%s: %d connections, want one for each question", name, n)
		}
	}
}

// TestIdleConnectionsAreGivenBack: also where nobody signs in any more.
func TestIdleConnectionsAreGivenBack(t *testing.T) {
	s := ldaptest.Start(t, entries())
	c := client(t, func(o *directory.Options) { o.IdleTimeout = 50 * time.Millisecond }, s)
	mustWork(t, c)
	if s.Connections() != 2 {
		t.Errorf("%d connections, want one of each pool", s.Connections())
	}
	eventually(t, func() bool { return s.Connections() == 0 })
	mustWork(t, c)
}

// TestARestartIsNotNoticed: idle connections die with the server; the next
// question finds that out and asks again.
func TestARestartIsNotNoticed(t *testing.T) {
	s := ldaptest.Start(t, entries())
	c := client(t, nil, s)
	mustWork(t, c)
	s.Stop()
	s.Resume(t)
	mustWork(t, c)
}

func TestFailover(t *testing.T) {
	d := entries()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	c := client(t, nil, one, two)
	mustWork(t, c)
	if two.Dialled() != 0 {
		t.Error("the second server was asked while the first one answers")
	}
	one.Stop()
	mustWork(t, c)
	dialled := two.Dialled()
	if dialled == 0 {
		t.Fatal("nobody asked the second server")
	}
	two.Stop()
	if err := bind(t.Context(), c, "alice-pw"); !errors.Is(err, core.Unavailable) {
		t.Errorf("with both down: %v", err)
	}
	one.Resume(t)
	mustWork(t, c) // although it rests: nobody else is there
}

func TestAnswersThatAreOutages(t *testing.T) {
	for _, code := range []uint16{ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultOther} {
		d := entries()
		one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
		one.Fail(func(op string) (ldaptest.Answer, bool) { return ldaptest.Answer{Code: code}, op != "extended" })
		mustWork(t, client(t, nil, one, two))
	}
	d := entries()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	if err := bind(t.Context(), client(t, nil, one, two), "wrong"); !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) || two.Dialled() != 0 {
		t.Errorf("a refusal is no outage: %v, and %d connections to the second server", err, two.Dialled())
	}
}

func TestAServerThatHangs(t *testing.T) {
	d := entries()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	c := client(t, nil, one, two)
	mustWork(t, c)
	one.Mute(true)
	start := time.Now()
	mustWork(t, c)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v to turn to the second server", took)
	}
	start = time.Now()
	mustWork(t, c)
	if took := time.Since(start); took > 400*time.Millisecond {
		t.Errorf("it took %v although the first server is known to hang", took)
	}
}

// TestOneAsksWhetherAServerIsWell: after its rest a server that still hangs holds
// up one caller, and not all of them; where there is no other server nobody is
// turned away over that.
func TestOneAsksWhetherAServerIsWell(t *testing.T) {
	d := entries()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	var later atomic.Int64
	clock := func(o *directory.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	}
	crowd := func(c *directory.Client) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := search(t.Context(), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	c := client(t, clock, one, two)
	one.Mute(true)
	crowd(c)
	for range 3 {
		before := one.Dialled()
		later.Add(int64(10 * time.Second)) // the rests are 1, 2, 4 and 8 seconds
		crowd(c)
		if n := one.Dialled() - before; n != 1 {
			t.Errorf("%d callers tried the first server", n)
		}
	}
	alone := client(t, clock, two)
	two.Stop()
	if err := search(t.Context(), alone); err == nil {
		t.Fatal("a server that is gone answers")
	}
	two.Resume(t)
	later.Add(int64(10 * time.Second))
	crowd(alone)
}

func TestTheContextEndsEverything(t *testing.T) {
	s := ldaptest.Start(t, entries())
	c := client(t, func(o *directory.Options) { o.Timeout = time.Minute; o.Size = 1 }, s)
	mustWork(t, c)
	s.Mute(true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 { // one hangs, two wait for its slot
		wg.Go(func() {
			if err := bind(ctx, c, "alice-pw"); !errors.Is(err, core.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	s.Mute(false)
	mustWork(t, c) // the caller's haste is not held against the server
	cancel()
	if err := search(ctx, c); !errors.Is(err, core.Unavailable) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestTheServicesPasswordIsWrong(t *testing.T) {
	s := ldaptest.Start(t, entries())
	c := client(t, func(o *directory.Options) { o.BindPassword = core.NewSecret("not-the-word") }, s)
	err := search(t.Context(), c)
	var service *directory.ServiceBindError
	if !errors.Is(err, core.Unavailable) || !errors.As(err, &service) || service.Server != s.URL() {
		t.Errorf("got %v", err)
	}
	if err := bind(t.Context(), c, "wrong"); !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		t.Errorf("people's passwords can be checked all the same: %v", err)
	}
}

func TestWhatProvesNothing(t *testing.T) {
	d := entries()
	c := client(t, nil, ldaptest.Start(t, d))
	if err := bind(t.Context(), c, ""); err == nil {
		t.Error("an empty password was good")
	}
	if _, err := c.Bind(t.Context(), "", core.NewSecret("x")); err == nil {
		t.Error("an empty name was good")
	}
	if seen := d.Seen(); len(seen) != 0 {
		t.Errorf("the server was asked: %v", seen)
	}
}

// TestTooMuch: an answer without end costs the connection, not the memory.
func TestTooMuch(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = c.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}) // a message of two gigabytes
				for {
					if _, err := c.Write(make([]byte, 1<<16)); err != nil {
						return
					}
				}
			}()
		}
	}()
	c := client(t, func(o *directory.Options) { o.URLs = []string{"ldap://" + l.Addr().String()}; o.MaxResponse = 1 << 20 })
	if err := bind(t.Context(), c, "x"); !errors.Is(err, core.Unavailable) {
		t.Errorf("got %v", err)
	}
}

// TestTooMuchIsNotTheServersFault: one entry that is too large, such as with a
// photo, does not put a server to rest for everybody else.
func TestTooMuchIsNotTheServersFault(t *testing.T) {
	d := entries()
	d.Put(ldaptest.Entry{DN: "uid=large," + base, Attributes: map[string][]string{"photo": {strings.Repeat("x", 256<<10)}}})
	var log strings.Builder
	c := client(t, func(o *directory.Options) {
		o.MaxResponse, o.Log = 32<<10, slog.New(slog.NewTextHandler(&log, nil))
	}, ldaptest.Start(t, d), ldaptest.Start(t, d))
	large := ldap.NewSearchRequest("uid=large,"+base, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", nil, nil)
	for range 3 {
		if _, err := c.Search(t.Context(), large); !errors.Is(err, core.Unavailable) || !errors.Is(err, directory.ErrTooMuch) {
			t.Errorf("got %v", err)
		}
		mustWork(t, c)
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
