package ldaptest

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// Server listens on loopback and serves a directory.
type Server struct {
	*Directory
	TLS *tls.Config // for StartTLS; nil refuses it

	secured *tls.Config // from the first byte; nil means without

	mu       sync.Mutex
	address  string
	listener net.Listener
	conns    map[net.Conn]bool
	fault    func(op string) (Answer, bool)
	mute     bool
	dialled  int
}

// Start serves the directory until the test ends.
func Start(t testing.TB, d *Directory) *Server { return StartSecure(t, d, nil) }

// StartSecure serves the directory over TLS from the first byte (ldaps).
func StartSecure(t testing.TB, d *Directory, secured *tls.Config) *Server {
	t.Helper()
	s := &Server{Directory: d, secured: secured, conns: map[net.Conn]bool{}, address: "127.0.0.1:0"}
	s.Resume(t)
	t.Cleanup(s.Stop)
	return s
}

// URL is the server's address, the same after a restart.
func (s *Server) URL() string { return "ldap://" + s.address }

// Resume listens again after Stop, at the same address.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener, s.address = l, l.Addr().String()
	go s.accept(l)
}

// Stop closes the listener and cuts every connection.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.listener.Close()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Fail answers each operation as f says, where f returns true.
func (s *Server) Fail(f func(op string) (Answer, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Mute makes the server take questions and never answer.
func (s *Server) Mute(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
}

// Dialled says how many connections were made so far.
func (s *Server) Dialled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialled
}

// Connections says how many there are now.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *Server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.dialled++
		s.mu.Unlock()
		go s.serve(c)
	}
}

// link is one connection.
type link struct {
	net.Conn
	in *bufio.Reader
	as string // the DN it is bound as
}

func (s *Server) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	l := &link{Conn: c, in: bufio.NewReader(c)}
	if s.secured != nil {
		secured := tls.Server(c, s.secured)
		l.Conn, l.in = secured, bufio.NewReader(secured)
	}
	for {
		p, err := ber.ReadPacket(l.in)
		if err != nil || len(p.Children) < 2 {
			return
		}
		id, ok := p.Children[0].Value.(int64)
		if !ok || p.Children[1].Tag == ldap.ApplicationUnbindRequest || !s.handle(l, id, p.Children[1]) {
			return
		}
	}
}

// handle answers one operation, and says whether the connection goes on.
func (s *Server) handle(l *link, id int64, op *ber.Packet) bool {
	s.mu.Lock()
	mute, fault := s.mute, s.fault
	s.mu.Unlock()
	if mute {
		return true
	}
	name, tag := names(op.Tag)
	if fault != nil {
		if a, yes := fault(name); yes {
			return l.answer(id, tag, a)
		}
	}
	switch op.Tag {
	case ldap.ApplicationBindRequest:
		dn := text(op.Children[1])
		s.note(Seen{Op: name, As: l.as, Name: dn})
		a := s.authenticate(dn, text(op.Children[2]))
		l.as = ""
		if a.Code == 0 {
			l.as = dn
		}
		return l.answer(id, tag, a)
	case ldap.ApplicationSearchRequest:
		return s.search(l, id, op)
	case ldap.ApplicationExtendedRequest:
		return s.extended(l, id, op)
	case ldap.ApplicationModifyRequest:
		return l.answer(id, tag, s.modify(l, op))
	}
	return l.answer(id, tag, Answer{Code: ldap.LDAPResultUnwillingToPerform, Message: "not served here"})
}

func names(tag ber.Tag) (op string, answer ber.Tag) {
	switch tag {
	case ldap.ApplicationBindRequest:
		return "bind", ldap.ApplicationBindResponse
	case ldap.ApplicationSearchRequest:
		return "search", ldap.ApplicationSearchResultDone
	case ldap.ApplicationExtendedRequest:
		return "extended", ldap.ApplicationExtendedResponse
	}
	return "modify", ldap.ApplicationModifyResponse
}

func (s *Server) search(l *link, id int64, op *ber.Packet) bool {
	base, filter := text(op.Children[0]), op.Children[6]
	scope, _ := op.Children[1].Value.(int64)
	limit, _ := op.Children[3].Value.(int64)
	written, _ := ldap.DecompileFilter(filter)
	s.note(Seen{Op: "search", As: l.as, Name: base, Filter: written, Attributes: texts(op.Children[7])})
	found, exists := s.find(base, scope, func(e Entry) bool { return matches(filter, e) })
	if base == "" && scope == ldap.ScopeBaseObject {
		found, exists = []Entry{{Attributes: map[string][]string{"supportedLDAPVersion": {"3"}}}}, true
	}
	if !exists {
		return l.answer(id, ldap.ApplicationSearchResultDone, Answer{Code: ldap.LDAPResultNoSuchObject})
	}
	for i, e := range found {
		if limit > 0 && int64(i) == limit {
			return l.answer(id, ldap.ApplicationSearchResultDone, Answer{Code: ldap.LDAPResultSizeLimitExceeded})
		}
		if typesOnly, _ := op.Children[5].Value.(bool); typesOnly {
			e = e.withoutValues()
		}
		if !l.send(id, encode(e, op.Children[7])) {
			return false
		}
	}
	return l.answer(id, ldap.ApplicationSearchResultDone, Answer{})
}

// encode writes an entry with the attributes that were asked for.
func encode(e Entry, asked *ber.Packet) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "entry")
	p.AppendChild(octets(e.DN))
	list := ber.NewSequence("attributes")
	for name, values := range e.Attributes {
		if !wanted(name, asked) {
			continue
		}
		a := ber.NewSequence("attribute")
		a.AppendChild(octets(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "values")
		for _, v := range values {
			set.AppendChild(octets(v))
		}
		a.AppendChild(set)
		list.AppendChild(a)
	}
	p.AppendChild(list)
	return p
}

func wanted(name string, asked *ber.Packet) bool {
	for _, a := range asked.Children {
		if strings.EqualFold(text(a), name) || text(a) == "*" {
			return true
		}
	}
	return len(asked.Children) == 0
}

// The names of operations (RFC 4511, section 4.14.1; RFC 4532).
const (
	startTLS = "1.3.6.1.4.1.1466.20037"
	whoAmI   = "1.3.6.1.4.1.4203.1.11.3"
)

func (s *Server) authz(dn string) string {
	if e, ok := s.lookup(dn); ok && e.Authz != "" {
		return e.Authz
	}
	return dn
}

// identified answers who somebody is.
func identified(dn string) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedResponse, nil, "answer")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(0), "code"))
	p.AppendChild(octets(""))
	p.AppendChild(octets(""))
	p.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 11, "dn:"+dn, "value"))
	return p
}

func (s *Server) extended(l *link, id int64, op *ber.Packet) bool {
	s.note(Seen{Op: "extended", As: l.as, Name: text(op.Children[0])})
	if text(op.Children[0]) == passwordModify && len(op.Children) == 2 {
		return l.answer(id, ldap.ApplicationExtendedResponse, s.modifyPassword(l.as, op.Children[1]))
	}
	if text(op.Children[0]) == whoAmI {
		return l.send(id, identified(s.authz(l.as)))
	}
	if text(op.Children[0]) != startTLS || s.TLS == nil {
		return l.answer(id, ldap.ApplicationExtendedResponse, Answer{Code: ldap.LDAPResultProtocolError, Message: "unsupported extended operation"})
	}
	if !l.answer(id, ldap.ApplicationExtendedResponse, Answer{}) {
		return false
	}
	secured := tls.Server(l.Conn, s.TLS)
	l.Conn, l.in = secured, bufio.NewReader(secured)
	return true
}

func texts(list *ber.Packet) []string {
	var out []string
	for _, p := range list.Children {
		out = append(out, text(p))
	}
	return out
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func (l *link) answer(id int64, tag ber.Tag, a Answer) bool {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "answer")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(a.Code), "code"))
	p.AppendChild(octets(""))
	p.AppendChild(octets(a.Message))
	return l.send(id, p, a.Controls...)
}

func (l *link) send(id int64, op *ber.Packet, controls ...ldap.Control) bool {
	p := ber.NewSequence("message")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "id"))
	p.AppendChild(op)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "controls")
		for _, c := range controls {
			list.AppendChild(c.Encode())
		}
		p.AppendChild(list)
	}
	_, err := l.Write(p.Bytes())
	return err == nil
}
