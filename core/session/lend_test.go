package session_test

import (
	"bytes"
	"testing"
)

func TestDerivedKeysDifferByPurposeAndSecret(t *testing.T) {
	first, second := newHouse(t), newHouse(t)
	a, err := first.DeriveKey("throttle")
	if err != nil || len(a) != 32 {
		t.Fatalf("%d bytes, %v", len(a), err)
	}
	if again, err := second.DeriveKey("throttle"); err != nil || !bytes.Equal(a, again) {
		t.Errorf("two nodes with one secret have different keys (%v)", err)
	}
	if other, err := first.DeriveKey("signing keys"); err != nil || bytes.Equal(a, other) {
		t.Errorf("two purposes share a key (%v)", err)
	}
}
