package authcode

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// The ways in which a client proves who it is (OpenID Connect Core, section 9).
const (
	SecretBasic   = "client_secret_basic"
	SecretPost    = "client_secret_post"
	PrivateKeyJWT = "private_key_jwt"
	NoSecret      = "none"
)

// Methods lists the ways of client authentication.
func Methods() []string { return []string{SecretBasic, SecretPost, PrivateKeyJWT, NoSecret} }

// Client is what a site knows us as. It is safe for concurrent use.
type Client struct {
	ID     string
	Method string // one of Methods
	Secret core.Secret
	Key    *Key // with PrivateKeyJWT
	// Audience is whom assertions are for: the site's issuer. A token endpoint's
	// address would let a site that names another's have assertions for it.
	Audience string
	HTTP     *http.Client
	Rand     io.Reader
	Now      func() time.Time
}

// For returns the client as it deals with one site, given the ways of
// authentication that the site knows. A client without a Method takes the first
// that fits; a site that lists nothing means SecretBasic (RFC 8414).
func (c Client) For(supported []string, issuer string) *Client {
	if c.Audience == "" {
		c.Audience = issuer
	}
	switch {
	case c.Method != "":
	case c.Key != nil:
		c.Method = PrivateKeyJWT
	case c.Secret.Empty():
		c.Method = NoSecret
	case slices.Contains(supported, SecretPost) && !slices.Contains(supported, SecretBasic):
		c.Method = SecretPost
	default:
		c.Method = SecretBasic
	}
	return &c
}

// answer is what an endpoint said.
type answer struct {
	status int
	media  string
	body   []byte
}

// post sends a form with the client's authentication.
func (c *Client) post(ctx context.Context, endpoint string, form url.Values) (answer, error) {
	form = maps.Clone(form)
	switch c.Method {
	case SecretPost:
		form.Set("client_id", c.ID)
		form.Set("client_secret", c.Secret.Reveal())
	case NoSecret:
		form.Set("client_id", c.ID)
	case PrivateKeyJWT:
		assertion, err := c.assertion()
		if err != nil {
			return answer{}, err
		}
		form.Set("client_id", c.ID)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.Method == SecretBasic {
		// Encoded as a form first, as RFC 6749, section 2.3.1, has it.
		pair := url.QueryEscape(c.ID) + ":" + url.QueryEscape(c.Secret.Reveal())
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	return c.do(r)
}

func (c *Client) do(r *http.Request) (answer, error) { return send(c.HTTP, r) }

func send(client *http.Client, r *http.Request) (answer, error) {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "authd")
	got, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", r.URL.Redacted(), err)
	}
	media, _, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	return answer{got.StatusCode, media, body}, nil
}

// Resource is what a protected address answered.
type Resource struct {
	Media string // the media type, without parameters
	Body  []byte
}

// Read asks an address with an access token.
func (c *Client) Read(ctx context.Context, op, address string, access core.Secret) (Resource, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Resource{}, fail(core.Unavailable, op, ReasonUnreachable, errors.New("the address is not valid"))
	}
	r.Header.Set("Authorization", "Bearer "+access.Reveal())
	got, err := c.do(r)
	switch {
	case err != nil:
		return Resource{}, Unreached(op, err)
	case got.status == http.StatusOK:
		return Resource{got.media, got.body}, nil
	case got.status == http.StatusUnauthorized:
		return Resource{}, fail(core.Unavailable, op, ReasonUnauthorized, fmt.Errorf("%s answered %d", r.URL.Redacted(), got.status))
	}
	return Resource{}, fail(core.Unavailable, op, ReasonTrouble, fmt.Errorf("%s answered %d", r.URL.Redacted(), got.status))
}

// Fetch reads a document that anybody may read.
func Fetch(ctx context.Context, client *http.Client, op, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fail(core.Unavailable, op, ReasonUnreachable, errors.New("the address is not valid"))
	}
	r.Header.Set("Cache-Control", "no-cache")
	got, err := send(client, r)
	switch {
	case err != nil:
		return nil, Unreached(op, err)
	case got.status != http.StatusOK:
		return nil, fail(core.Unavailable, op, ReasonTrouble, fmt.Errorf("%s answered %d", r.URL.Redacted(), got.status))
	}
	return got.body, nil
}

// decode reads a JSON object. Nothing of it is in the error.
func decode(body []byte, into any) error {
	if json.Unmarshal(body, into) != nil {
		return errors.New("the answer is not the JSON that it should be")
	}
	return nil
}
