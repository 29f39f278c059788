package authcode

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
)

// The bounds of what is well: a certificate's rest, and how far clocks may be apart.
const (
	expiresSoon = 21 * 24 * time.Hour
	maxSkew     = 30 * time.Second
)

// Probe is the way to a site, step by step.
type Probe struct {
	HTTP   *http.Client
	Now    func() time.Time
	Target string // what the findings are about
	Key    string // the configuration's key that holds the site's address
	Report func(core.Finding)
}

// reached is what the steps on the way to a site saw. Several addresses may be
// tried at a time, and one of them may end after the answer has come.
type reached struct {
	mu                   sync.Mutex
	connecting, securing time.Time
	connect, secure      *core.Finding
}

// Find adds the target to a finding and reports it.
func (p Probe) Find(name string, took time.Duration, f core.Finding) {
	f.Name, f.Target, f.Took = name, p.Target, took
	if f.Mark == "" {
		f.Mark = core.MarkOK
	}
	p.Report(f)
}

// Fetch reads an address on a fresh connection, and reports how it got there:
// resolve, connect, TLS, the answer, and the difference of the clocks. Status
// judges the answer's status; what it returns but "" is wrong with it.
func (p Probe) Fetch(ctx context.Context, name, address string, status func(int) string) (body []byte, ok bool) {
	u, err := url.Parse(address)
	if err != nil || !p.resolve(ctx, u.Hostname()) {
		return nil, false
	}
	p.HTTP.CloseIdleConnections()
	var r reached
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, p.trace(&r)), http.MethodGet, address, nil)
	if err != nil {
		return nil, false
	}
	began := time.Now()
	response, err := p.HTTP.Do(request)
	took := time.Since(began)
	failed := false
	for _, f := range r.findings() {
		failed = failed || f.Mark == core.MarkFailed
		p.Find(f.Name, f.Took, f)
	}
	if err != nil {
		if !failed {
			p.Find(name, took, core.Finding{Mark: core.MarkFailed, Detail: reason(err), Advice: p.adviseReach(err)})
		}
		return nil, false
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	if wrong := status(response.StatusCode); wrong != "" || err != nil {
		if err != nil {
			wrong = reason(err)
		}
		p.Find(name, took, core.Finding{
			Mark: core.MarkFailed, Detail: fmt.Sprintf("%s answers %d: %s", u.Redacted(), response.StatusCode, wrong),
			Advice: "is " + p.Key + " the right address? If it is, the site is in trouble",
		})
		return nil, false
	}
	p.clocks(response.Header.Get("Date"))
	return body, true
}

func (p Probe) resolve(ctx context.Context, host string) bool {
	if net.ParseIP(host) != nil {
		return true
	}
	began := time.Now()
	found, err := net.DefaultResolver.LookupHost(ctx, host)
	f := core.Finding{Detail: strings.Join(found, ", ")}
	if err != nil {
		f = core.Finding{Mark: core.MarkFailed, Detail: err.Error(), Advice: "check the host name in " + p.Key + ", and that this machine's resolver knows it: getent hosts " + host}
	}
	p.Find("resolve", time.Since(began), f)
	return err == nil
}

func (r *reached) findings() []core.Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []core.Finding
	for _, f := range []*core.Finding{r.connect, r.secure} {
		if f != nil {
			out = append(out, *f)
		}
	}
	return out
}

func (p Probe) trace(r *reached) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		ConnectStart: func(string, string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.connecting = time.Now()
		},
		ConnectDone: func(_, address string, err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			f := core.Finding{Name: "connect", Took: time.Since(r.connecting), Mark: core.MarkOK, Detail: address}
			if err != nil {
				f.Mark, f.Detail, f.Advice = core.MarkFailed, reason(err), p.adviseReach(err)
			}
			if r.connect == nil || err == nil { // of several addresses one will do
				r.connect = &f
			}
		},
		TLSHandshakeStart: func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.securing = time.Now()
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			f := p.secured(state, err)
			f.Name, f.Took = "TLS", time.Since(r.securing)
			r.secure = &f
		},
	}
}

func (p Probe) secured(state tls.ConnectionState, err error) core.Finding {
	var refused *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		return core.Finding{Mark: core.MarkFailed, Detail: refused.Err.Error(), Advice: adviseCertificate(refused.Err, p.Key)}
	case err != nil:
		return core.Finding{Mark: core.MarkFailed, Detail: err.Error(), Advice: "does the site speak https at the port in " + p.Key + "?"}
	case len(state.PeerCertificates) == 0:
		return core.Finding{Mark: core.MarkOK, Detail: tls.VersionName(state.Version)}
	}
	leaf := state.PeerCertificates[0]
	f := core.Finding{Mark: core.MarkOK, Detail: fmt.Sprintf("%s, certificate by %q, until %s", tls.VersionName(state.Version), leaf.Issuer.CommonName, leaf.NotAfter.UTC().Format(time.DateOnly))}
	if left := time.Until(leaf.NotAfter); left < expiresSoon {
		f.Mark, f.Advice = core.MarkWarning, fmt.Sprintf("the site's certificate expires in %d days; nobody can sign in there after that", int(left.Hours()/24))
	}
	return f
}

func adviseCertificate(err error, key string) string {
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &name):
		return "the certificate is not for the host in " + key + "; write the name that the site has one for"
	case errors.As(err, &unknown):
		return "this machine does not know the authority that made the certificate; add it to the system's authorities, or set SSL_CERT_FILE"
	}
	return "the site has to renew its certificate, if this machine's clock is right"
}

func (p Probe) adviseReach(err error) string {
	switch {
	case errors.Is(err, outbound.ErrAddress):
		return "the site is in a private network or on this machine: if that is meant, set allowPrivateAddresses: true"
	case errors.Is(err, outbound.ErrInsecure):
		return "write https:// in " + p.Key
	case errors.Is(err, outbound.ErrRedirect):
		return "write the address that it redirects to in " + p.Key
	}
	return "the site does not answer: is it up, is the host and port in " + p.Key + " right, and may this machine call it?"
}

// reason drops the address, which is in the finding, and the words around.
func reason(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

// clocks compares the site's clock with ours. Its header has whole seconds.
func (p Probe) clocks(date string) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		p.Find("clock", 0, core.Finding{Mark: core.MarkWarning, Detail: "the site does not say what time it is", Advice: "compare the clocks yourself: tokens are good for minutes"})
		return
	}
	skew := p.Now().Sub(theirs)
	if skew.Abs() <= maxSkew {
		p.Find("clock", 0, core.Finding{Detail: "as ours"})
		return
	}
	which := "behind"
	if skew < 0 {
		which, skew = "ahead of", -skew
	}
	p.Find("clock", 0, core.Finding{
		Mark: core.MarkFailed, Detail: fmt.Sprintf("the site's clock is %v %s ours", skew.Round(time.Second), which),
		Advice: "tokens look expired, or issued in the future, and nobody can sign in: set this machine's clock (timedatectl; chronyc tracking), if it is not the site's that is wrong",
	})
}

// Callback reports the address that the site must know.
func (p Probe) Callback(public *url.URL, strategy string) {
	if public == nil {
		return
	}
	address := public.JoinPath(core.CallbackPath, strategy)
	f := core.Finding{Detail: "register this address at the site: " + address.String()}
	if address.Scheme != "https" && !outbound.IsLoopback(address.Hostname()) {
		f.Mark, f.Advice = core.MarkWarning, "most sites take https:// only: set server.publicURL to the address that browsers use"
	}
	p.Find("redirect address", 0, f)
}
