package ldap

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// guidText writes Active Directory's objectGUID as Windows shows it: the first
// three fields are stored with the least significant byte first (MS-DTYP,
// section 2.3.4). It is "" for what is no GUID.
func guidText(b []byte) string {
	if len(b) != 16 {
		return ""
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x",
		binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:])
}

// guidBytes is the inverse of guidText.
func guidBytes(text string) ([]byte, bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return nil, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 {
		return nil, false
	}
	binary.LittleEndian.PutUint32(b, binary.BigEndian.Uint32(b))
	binary.LittleEndian.PutUint16(b[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(b[6:], binary.BigEndian.Uint16(b[6:]))
	return b, true
}

// escapeBytes writes a binary value for a filter (RFC 4515, section 3).
func escapeBytes(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		fmt.Fprintf(&out, `\%02x`, c)
	}
	return out.String()
}
