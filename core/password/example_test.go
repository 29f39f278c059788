package password_test

import (
	"context"
	"fmt"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

func ExampleHasher() {
	hasher, err := password.NewHasher(password.MinCost)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	hash, err := hasher.Hash(ctx, core.NewSecret("nine horses and a battery"))
	if err != nil {
		panic(err)
	}
	match, err := hasher.Verify(ctx, hash, core.NewSecret("nine horses and a battery"))
	fmt.Println(match.OK, match.Rehash, err)
	// With no such user there is no hash, and the work is the same.
	match, err = hasher.Verify(ctx, "", core.NewSecret("nine horses and a battery"))
	fmt.Println(match.OK, match.Rehash, err)
	// Output:
	// true false <nil>
	// false false <nil>
}

func ExamplePolicy() {
	fmt.Println(password.DefaultPolicy().Check(core.NewSecret("baseball")))
	// Output: invalid_input; password: is too common and would be guessed first
}
