package ldap

// What the tests in ldap_test look at.

func FillFilter(template, username, dn string) string {
	return filterTemplate(template).fill(username, dn)
}

func FillBind(template, username string) (string, bool) { return bindTemplate(template).fill(username) }

func CheckFilter(template string, placeholders ...string) error {
	return filterTemplate(template).check(placeholders...)
}

var (
	GUIDText  = guidText
	GUIDBytes = guidBytes
	SameDN    = sameDN
)

// GroupMatches says whether a key of the role map means a group.
func GroupMatches(dn, name, key string) bool { return group{dn, name}.matches(key) }

// PresetFilters lists every filter that authd comes with.
func PresetFilters() []string {
	filters := []string{inChain}
	for _, p := range presets() {
		filters = append(filters, p.users.Filter, p.groups.Filter)
	}
	return filters
}

// Photos is what is remembered of photos.
type Photos struct{ *photos }

func NewPhotos() Photos { return Photos{newPhotos()} }

func (p Photos) Put(subject string, image []byte) { p.put(subject, photo{image: image}) }
func (p Photos) Image(subject string) []byte      { return p.get(subject).image }
func (p Photos) Size() (people, size int)         { return len(p.known), p.bytes }

// RefusedPassword is what people are told about a new password.
var RefusedPassword = refusedFields

// Compared lists the attributes that a filter compares a user name with.
func Compared(filter string) []string { return filterTemplate(filter).compared() }
