package strategytest

import (
	"context"
	"fmt"
	"time"

	"github.com/authd-go/authd/core"
)

func outageRules() []Rule {
	return []Rule{
		{"a cancelled context returns at once", "nobody waits for the answer any more, and the goroutine costs", nil, cancelledContext},
		{"a hanging backend is left", "a backend that hangs must not take the house with it", []Need{NeedHang}, hangingBackend},
		{"an outage is no verdict", "an outage read as a wrong password tells people that theirs is wrong, and asks the next backend", []Need{NeedBreak}, outageIsNoVerdict},
		{"an outage is no verdict on strangers", "an outage read as an unknown user sends the password on to the next backend", []Need{NeedBreak, Need(core.CanLogin)}, outageAndStrangers},
		{"ready says no", "traffic goes on to a node whose backend is gone", []Need{NeedBreak, NeedReady}, readySaysNo},
		{"opens while the backend is down", "a remote that is down must not keep the daemon from starting", []Need{NeedBreak, NeedReopen}, opensWhileDown},
	}
}

func cancelledContext(ctx context.Context, tr *trial) error {
	id, err := tr.known(ctx)
	if err != nil {
		return err
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := tr.unanswered(cancelled, "with a cancelled context", id); err != nil {
		return err
	}
	late, cancelLate := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancelLate()
	if err := tr.unanswered(late, "after the deadline", id); err != nil {
		return err
	}
	return tr.untouched(ctx)
}

// untouched checks that nobody's password changed.
func (tr *trial) untouched(ctx context.Context) error {
	if tr.Strategy.Authenticator == nil {
		return nil
	}
	if err := tr.accepted(ctx, tr.Account.Identifier, tr.Account.Password, ""); err != nil {
		return fmt.Errorf("the call was carried out all the same: %w", err)
	}
	return nil
}

// hangingBackend gives each call a short deadline. What it may not do is wait
// for the backend beyond it.
func hangingBackend(ctx context.Context, tr *trial) error {
	id, err := tr.known(ctx)
	if err != nil {
		return err
	}
	tr.Hang()
	for _, c := range tr.calls(id) {
		what := c.name + " while the backend hangs"
		err := tr.inTime(what, func() error {
			brief, cancel := context.WithTimeout(ctx, tr.harness.Patience/20)
			defer cancel()
			return outcome(what, c.do(brief), append([]core.Code{core.Unavailable}, c.besides...)...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func outageIsNoVerdict(ctx context.Context, tr *trial) error {
	id, err := tr.known(ctx)
	if err != nil {
		return err
	}
	tr.Break()
	return tr.unanswered(ctx, "during an outage", id)
}

func outageAndStrangers(ctx context.Context, tr *trial) error {
	tr.Break()
	for what, name := range map[string]string{"an unknown user": nobody, "a wrong password": tr.Account.Identifier} {
		id, err := tr.login(ctx, name, wrongPassword)
		if err := refused(what+" during an outage", id, err, core.Unavailable); err != nil {
			return err
		}
	}
	return nil
}

func readySaysNo(ctx context.Context, tr *trial) error {
	tr.Break()
	return tr.inTime("Ready during an outage", func() error {
		return outcome("Ready during an outage", tr.Strategy.Ready(ctx), core.Unavailable)
	})
}

func opensWhileDown(ctx context.Context, tr *trial) error {
	tr.Break()
	return tr.inTime("opening during an outage", func() error {
		s, err := tr.Reopen(ctx)
		if err != nil {
			return fmt.Errorf("opening during an outage: %w", err)
		}
		return closeStrategy(s)
	})
}
