package htpasswd

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"

	"github.com/authd-go/authd/core"
)

// maxPassword is how many bytes of a password bcrypt reads.
const maxPassword = 72

// nobody is salt and hash of a bcrypt text that no password is known for.
const nobody = "XXXXXXXXXXXXXXXXXXXXXOXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"

// comparer compares passwords with bcrypt hashes, at equal work. A strategy
// that keeps passwords of its own, instead of reading other people's files,
// has all of this in core/password.
type comparer struct {
	where core.Runner
	work  atomic.Uint64 // 2^cost for each hash
}

func newComparer(where core.Runner) *comparer {
	if where == nil {
		where = inPlace{}
	}
	return &comparer{where: where}
}

// inPlace is the Runner of a house that has no pool for hashing.
type inPlace struct{}

func (inPlace) Run(_ context.Context, work func()) error { work(); return nil }

// compare says whether a password is the one behind a hash. The empty hash is
// nobody's. Whatever comes of it, the work is that of one hash of the given
// cost, so that nothing can be told from the time; the error is the Runner's.
func (c *comparer) compare(ctx context.Context, hash string, cost int, password string) (bool, error) {
	var right bool
	err := c.where.Run(ctx, func() { right = c.equalWork(hash, cost, password) })
	return err == nil && right, err
}

func (c *comparer) equalWork(hash string, cost int, password string) bool {
	possible := hash != "" && password != "" && len(password) <= maxPassword && !strings.Contains(password, "\x00")
	if hash == "" {
		hash = dummy(cost)
	}
	password = password[:min(len(password), maxPassword)]
	have, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return false // the file was checked when it was read
	}
	right := c.bcrypt(hash, have, password)
	for ; have < cost; have++ { // 2^c + 2^c + 2^(c+1) + ... = 2^cost
		c.bcrypt(dummy(have), have, password)
	}
	return right && possible
}

func (c *comparer) bcrypt(hash string, cost int, password string) bool {
	c.work.Add(1 << cost)
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

func dummy(cost int) string { return fmt.Sprintf("$2a$%02d$%s", cost, nobody) }
