package ldap_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDoctorPage holds the page's example against what is really printed.
func TestDoctorPage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/doctor-wrong-host.golden")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?ms)^```text\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(examples) == 0 {
		t.Error("the page has no example")
	}
	for _, e := range examples {
		if !strings.Contains(string(golden), e[1]) {
			t.Errorf("this is not what the doctor prints:\n%s", e[1])
		}
	}
}
