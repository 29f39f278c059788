package ldap_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/strategies/ldap"
)

// shape writes the tree of a filter without its values.
func shape(p *ber.Packet, out *bytes.Buffer) {
	_ = binary.Write(out, binary.BigEndian, uint64(p.Tag)) // a Buffer takes everything
	_ = binary.Write(out, binary.BigEndian, uint32(len(p.Children)))
	for _, child := range p.Children {
		shape(child, out)
	}
}

func shapeOf(t *testing.T, filter string) string {
	t.Helper()
	p, err := goldap.CompileFilter(filter)
	if err != nil {
		t.Fatalf("%q: %v", filter, err)
	}
	var out bytes.Buffer
	shape(p, &out)
	return out.String()
}

// FuzzFilter: whatever a user is called, the filter that is sent has the shape
// that the operator wrote, and the value arrives whole.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"alice", "a*b", "p(q)r", `back\slash`, "*)(uid=*))(|(uid=*", "\x00", "日本", " lead", `\2a`, "o'neil@example.org", "\xff"} {
		f.Add(s, "uid="+s)
	}
	f.Fuzz(func(t *testing.T, username, dn string) {
		for _, template := range ldap.PresetFilters() {
			if template == "" {
				continue
			}
			if shapeOf(t, ldap.FillFilter(template, username, dn)) != shapeOf(t, ldap.FillFilter(template, "x", "cn=x")) {
				t.Errorf("%q changes the shape of %s", username, template)
			}
		}
		p, err := goldap.CompileFilter(ldap.FillFilter("(uid={username})", username, ""))
		if err != nil || p.Children[1].Data.String() != username {
			t.Errorf("%q arrives as something else, %v", username, err)
		}
	})
}

// FuzzBindName: whatever a user is called, the DN has as many parts as the
// operator wrote, and the value arrives whole.
func FuzzBindName(f *testing.F) {
	for _, s := range []string{"alice", "x,ou=admins", "a+b=c", `q"u`, " lead", "#hash", "trail ", `\`, "日本", "\x00", "<>;", "=", "a\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, username string) {
		if username == "" || !utf8.ValidString(username) { // an identifier is always valid
			return
		}
		for _, template := range []string{
			"uid={username},ou=people,dc=example,dc=com", "cn={username}+ou=staff,dc=example,dc=com", "uid=x,cn={username}", "cn={username}@example.com,dc=example",
		} {
			name, ok := ldap.FillBind(template, username)
			dn, err := goldap.ParseDN(name)
			if !ok || err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if got, want := rdns(dn, ""), rdns(parse(t, template), username); got != want {
				t.Errorf("%q becomes %q: %s, want %s", username, name, got, want)
			}
		}
	})
}

func parse(t *testing.T, dn string) *goldap.DN {
	t.Helper()
	d, err := goldap.ParseDN(dn)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rdns writes a DN part by part, with the user name in its place if there is one.
func rdns(dn *goldap.DN, username string) string {
	var out strings.Builder
	for _, part := range dn.RDNs {
		for _, at := range part.Attributes {
			value := at.Value
			if username != "" {
				value = strings.ReplaceAll(value, "{username}", username)
			}
			fmt.Fprintf(&out, "[%s=%q]", at.Type, value)
		}
		out.WriteString("/")
	}
	return out.String()
}

func TestNamesThatWouldBeSomebodyElse(t *testing.T) {
	for _, c := range []struct {
		template, username, want string
		ok                       bool
	}{
		{"{username}@ad.example.com", "alice", "alice@ad.example.com", true},
		{`AD\{username}`, "alice", `AD\alice`, true},
		{"{username}@ad.example.com", "alice@evil.example", "", false},
		{`AD\{username}`, `OTHER\alice`, "", false},
	} {
		if got, ok := ldap.FillBind(c.template, c.username); got != c.want || ok != c.ok {
			t.Errorf("%s of %q: %q, %v", c.template, c.username, got, ok)
		}
	}
}

func TestCheckFilter(t *testing.T) {
	for filter, good := range map[string]bool{
		"(uid={username})":                    true,
		"(&(a=b)(|(c={username})(d={dn}))":    false,
		"(uid=alice)":                         false,
		"uid={username}":                      false,
		"(uid:dn:caseExactMatch:={username})": false,
	} {
		if err := ldap.CheckFilter(filter, "{username}"); (err == nil) != good {
			t.Errorf("%s: %v", filter, err)
		}
	}
}

func TestGUID(t *testing.T) {
	raw := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	const text = "00112233-4455-6677-8899-aabbccddeeff"
	if got := ldap.GUIDText(raw); got != text {
		t.Errorf("text %q", got)
	}
	if got, ok := ldap.GUIDBytes(text); !ok || !bytes.Equal(got, raw) {
		t.Errorf("bytes %x, %v", got, ok)
	}
	for _, bad := range []string{"", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899_aabbccddeeff", "g0112233-4455-6677-8899-aabbccddeeff"} {
		if _, ok := ldap.GUIDBytes(bad); ok {
			t.Errorf("%q is taken for a GUID", bad)
		}
	}
	if ldap.GUIDText(raw[1:]) != "" {
		t.Error("15 bytes are taken for a GUID")
	}
}

func TestGroupMatches(t *testing.T) {
	const dn = `cn=Admins\, (All) *,ou=Groups,dc=example,dc=org`
	for key, want := range map[string]bool{
		`CN=admins\2C (all) *, OU=groups, DC=example, DC=org`: true,
		`cn=Admins,ou=Groups,dc=example,dc=org`:               false,
		"admins, (all) *":                                     true,
		"adm*":                                                true,
		"*":                                                   true,
		"admin":                                               false,
		"cn=":                                                 false,
	} {
		if got := ldap.GroupMatches(dn, "Admins, (All) *", key); got != want {
			t.Errorf("%q: %v", key, got)
		}
	}
}

func TestAttributesThatANameIsComparedWith(t *testing.T) {
	for filter, want := range map[string][]string{
		"(uid={username})": {"uid"},
		"(&(objectClass=user)(|(sAMAccountName={username})( mail ={username}@example.org)))": {"sAMAccountName", "mail"},
		"(|(cn~=x{username})(cn:dn:=x{username}y))":                                          {"cn", "cn"},
		"(|(uid=x)(:dn:caseIgnoreMatch:=x{username}))":                                       nil,
	} {
		if got := ldap.Compared(filter); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
}
