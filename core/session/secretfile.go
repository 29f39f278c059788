package session

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/authd-go/authd/core"
)

// LoadSecret reads the secret for Options from a file, and makes the file on
// the first start, with mode 0600 and 384 random bits. Of several first starts
// at once one makes it and all read the same. A file that others can read is
// refused, not repaired: whoever read it meanwhile can sign tokens. A newline
// at the end does not count. The errors are for the operator and carry no code.
func LoadSecret(path string) (core.Secret, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createSecret(path); err != nil {
			return core.Secret{}, fmt.Errorf("create the secret file: %w", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return core.Secret{}, fmt.Errorf("read the secret file: %w", err)
	}
	if err := checkPrivate(path); err != nil {
		return core.Secret{}, err
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) < MinSecretBytes {
		return core.Secret{}, fmt.Errorf("secret file %s holds %d bytes; at least %d random bytes are needed", path, len(text), MinSecretBytes)
	}
	return core.NewSecret(string(text)), nil
}

func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read the secret file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("secret file %s is open to others (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	return nil
}

// createSecret writes a new secret beside its place and links it there, so
// that of two processes one wins and nobody reads half a secret.
func createSecret(path string) error {
	raw := make([]byte, 48)
	if _, err := rand.Read(raw); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".authd-secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(base64.RawURLEncoding.EncodeToString(raw) + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new directory entry durable, where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
