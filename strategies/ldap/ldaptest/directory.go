package ldaptest

import (
	"slices"
	"strings"
	"sync"

	"github.com/go-ldap/ldap/v3"
)

// Answer is what an operation is answered with.
type Answer struct {
	Code     uint16 // an LDAP result code
	Message  string
	Controls []ldap.Control
}

// Entry is one entry. Attribute names compare in any case; values too.
type Entry struct {
	DN         string
	Attributes map[string][]string
	Password   string // empty if nobody can bind as it
	// Administrator may set other entries' passwords and attributes.
	Administrator bool
	Authz         string // the DN that WhoAmI tells whoever is bound as it; empty means its own
}

// Directory is what servers serve: several servers may share one. It is safe
// for concurrent use.
type Directory struct {
	mu      sync.Mutex
	entries []*Entry
	// bind, if set, decides about binds that name an entry, after its password
	// was compared.
	bind func(e Entry, right bool) (Answer, bool)
	// change, if set, decides about changes of passwords.
	change func(Change) (Answer, bool)
	seen   []Seen
}

// Seen is one operation that a server was asked for.
type Seen struct {
	Op         string   // bind, search, modify, extended
	As         string   // the DN that the connection was bound as
	Name       string   // the DN or base that was named
	Filter     string   // of a search
	Attributes []string // that a search asked for
}

// withoutValues is the entry as a search for types only sees it.
func (e Entry) withoutValues() Entry {
	bare := Entry{DN: e.DN, Attributes: map[string][]string{}}
	for name := range e.Attributes {
		bare.Attributes[name] = nil
	}
	return bare
}

// New returns a directory of entries.
func New(entries ...Entry) *Directory {
	d := &Directory{}
	for _, e := range entries {
		d.Put(e)
	}
	return d
}

// Put adds an entry, or replaces the one with its DN.
func (d *Directory) Put(e Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.without(e.DN), &e)
}

// Remove removes an entry.
func (d *Directory) Remove(dn string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = d.without(dn)
}

func (d *Directory) without(dn string) []*Entry {
	return slices.DeleteFunc(slices.Clone(d.entries), func(e *Entry) bool { return key(e.DN) == key(dn) })
}

// OnBind lets the test decide about binds. It is told whether the password was
// right, and returns false to leave it at that.
func (d *Directory) OnBind(f func(e Entry, right bool) (Answer, bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bind = f
}

// Seen returns and forgets what the servers were asked for so far.
func (d *Directory) Seen() []Seen {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.seen
	d.seen = nil
	return out
}

func (d *Directory) note(s Seen) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, s)
}

func (d *Directory) lookup(dn string) (Entry, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.entries {
		if key(e.DN) == key(dn) {
			return *e, true
		}
	}
	return Entry{}, false
}

// authenticate answers a simple bind as OpenLDAP does: an unknown name and a
// wrong password alike; an empty name or password is anonymous.
func (d *Directory) authenticate(dn, password string) Answer {
	if dn == "" || password == "" {
		return Answer{}
	}
	e, ok := d.lookup(dn)
	right := ok && e.Password != "" && e.Password == password
	d.mu.Lock()
	decide := d.bind
	d.mu.Unlock()
	if decide != nil && ok {
		if a, decided := decide(e, right); decided {
			return a
		}
	}
	if !right {
		return Answer{Code: ldap.LDAPResultInvalidCredentials}
	}
	return Answer{}
}

// find returns the entries at or below a base that a filter matches.
func (d *Directory) find(base string, scope int64, match func(Entry) bool) ([]Entry, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	exists := base == ""
	var out []Entry
	for _, e := range d.entries {
		exists = exists || key(e.DN) == key(base) || strings.HasSuffix(key(e.DN), ","+key(base))
		if within(key(e.DN), key(base), scope) && match(*e) {
			out = append(out, *e)
		}
	}
	return out, exists
}

func within(dn, base string, scope int64) bool {
	switch scope {
	case ldap.ScopeBaseObject:
		return dn == base
	case ldap.ScopeSingleLevel:
		d, err := ldap.ParseDN(dn)
		b, err2 := ldap.ParseDN(base)
		return err == nil && err2 == nil && len(d.RDNs) == len(b.RDNs)+1 && b.AncestorOfFold(d)
	}
	return base == "" || dn == base || strings.HasSuffix(dn, ","+base)
}

// key is one text for all spellings of a DN.
func key(dn string) string {
	d, err := ldap.ParseDN(dn)
	if err != nil {
		return dn
	}
	return strings.ToLower(d.String())
}

// Entry returns the entry with a DN.
func (d *Directory) Entry(dn string) (Entry, bool) { return d.lookup(dn) }
