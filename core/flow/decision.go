package flow

import (
	"context"

	"github.com/authd-go/authd/core"
)

// decision collects the trace of one method call.
type decision struct {
	p      *Provider
	client core.Client
	trace  core.Trace
}

// begin opens the trace of a method.
func (p *Provider) begin(method string, r core.Request) *decision {
	d := p.decision(method, r)
	return &d
}

// decision is begin for a method that asks no backend and so has no need to
// hand the decision on.
func (p *Provider) decision(method string, r core.Request) decision {
	return decision{p, r.Client, core.Trace{
		Method: method, RequestID: r.Client.RequestID, Addr: r.Client.Addr, Start: p.Now(),
	}}
}

// ask times one question to a backend and notes it; the question's context
// tells who calls. It returns the outcome
// with the backend's name on it; a question that the backend's own deadline
// cut short is Unavailable, whatever the backend made of that.
func (d *decision) ask(ctx context.Context, b *Backend, op string, question func(context.Context) error) error {
	limited, cancel := b.deadline(core.WithClient(ctx, d.client))
	defer cancel()
	start := d.p.Now()
	err := question(limited)
	step := core.Step{Strategy: b.Name, Op: op, Verdict: core.VerdictAccept, Duration: d.p.Now().Sub(start)}
	if err != nil {
		err = blame(limited, b, op, err)
		step.Outcome, step.Verdict, step.Err = core.CodeOf(err), core.VerdictStop, err
		if subject := core.AsError(err).Subject; subject != "" {
			d.trace.Account = core.AccountID{Strategy: b.Name, Subject: subject}
		}
	}
	d.trace.Steps = append(d.trace.Steps, step)
	return err
}

func blame(ctx context.Context, b *Backend, op string, err error) error {
	e := *core.AsError(err)
	if e.Code == "" {
		e.Code = core.CodeOf(err)
	}
	if e.Code == core.Internal && ctx.Err() != nil {
		e.Code = core.Unavailable
	}
	e.Strategy = b.Name
	if e.Op == "" {
		e.Op = op
	}
	return &e
}

// verdict corrects what the last step meant.
func (d *decision) verdict(v core.Verdict) { d.trace.Steps[len(d.trace.Steps)-1].Verdict = v }

// skip notes a backend that was not asked.
func (d *decision) skip(b *Backend, op string) {
	d.trace.Steps = append(d.trace.Steps, core.Step{Strategy: b.Name, Op: op, Verdict: core.VerdictSkip})
}

// end closes the trace, hands it to the tracer and returns the refusal to
// show, or nil for success.
func (d *decision) end(ctx context.Context, err error) *core.Refusal {
	d.trace.Duration = d.p.Now().Sub(d.trace.Start)
	d.trace.Err = err
	d.trace.Outcome = core.CodeOf(err)
	if e := core.AsError(err); e != nil {
		d.trace.Reason = e.Reason
	}
	d.p.Tracer.Trace(ctx, d.trace)
	return d.p.Messages.Refuse(err)
}

// action closes the trace and makes an action answer of it.
func (d *decision) action(ctx context.Context, success core.ActionResult, failureTo string, err error) core.ActionResult {
	refusal := d.end(ctx, err)
	if refusal != nil {
		return core.ActionResult{RedirectTo: failureTo, Error: refusal}
	}
	success.Success = true
	return success
}

// redirect returns where to go after success: what the caller asked for, if it
// may, or the configured target. redirectPath: false means stay.
func (p *Provider) redirect(params core.Params, configured string) (string, error) {
	if params["redirectPath"] == false {
		return "", nil
	}
	wanted, err := params.String("redirectPath")
	if err != nil {
		return "", err
	}
	if wanted == "" {
		return configured, nil
	}
	if err := p.Redirects.Judge(wanted); err != nil {
		return "", core.InvalidField("redirectPath", err.Error())
	}
	return wanted, nil
}
