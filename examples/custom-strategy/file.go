package htpasswd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/authd-go/authd/core/identifier"
)

// maxFile bounds what one login can make us read, in bytes.
const maxFile = 1 << 20

// maxCost is the greatest bcrypt cost that is accepted: seconds per login.
const maxCost = 16

// users is what a file says.
type users struct {
	hashes map[string]string // by name in canonical form
	cost   int               // the highest of all hashes
}

func readFile(path string) (users, error) {
	f, err := os.Open(path)
	if err != nil {
		return users{}, err
	}
	defer f.Close()
	u, err := parse(io.LimitReader(f, maxFile+1))
	if err != nil {
		return users{}, fmt.Errorf("%s: %w", path, err)
	}
	return u, nil
}

// parse reads the lines. A file that is wrong in one place is refused as a
// whole: half a list of users is no list. Errors name the line and nothing of
// what is in it.
func parse(r io.Reader) (users, error) {
	u := users{hashes: map[string]string{}}
	lines, size := bufio.NewScanner(r), 0
	for n := 1; lines.Scan(); n++ {
		if size += len(lines.Bytes()) + 1; size > maxFile {
			return users{}, errors.New("is longer than a megabyte")
		}
		if err := u.add(lines.Text()); err != nil {
			return users{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if u.cost == 0 {
		u.cost = bcrypt.DefaultCost // an empty file tells no more than a full one
	}
	return u, lines.Err()
}

// add takes one line.
func (u *users) add(line string) error {
	line = strings.TrimRight(line, "\r")
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	name, hash, found := strings.Cut(line, ":")
	if !found {
		return errors.New("has no colon")
	}
	canonical, err := identifier.Canonical(name)
	if err != nil {
		return fmt.Errorf("the name %w", err)
	}
	if _, taken := u.hashes[canonical]; taken {
		return errors.New("names the same account as a line before it")
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost > maxCost {
		return errors.New("has no bcrypt hash of a cost up to 16; make one with htpasswd -B")
	}
	u.hashes[canonical] = hash
	u.cost = max(u.cost, cost)
	return nil
}
