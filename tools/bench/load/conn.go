package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// maxBody bounds an answer's body, in bytes.
const maxBody = 1 << 20

// Conn is a keep-alive connection to a server. One goroutine at a time may use it.
type Conn struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

// Answer is what a server said. Body is good until the connection's next Do.
type Answer struct {
	Status int
	Body   []byte
}

// Dial connects to a TCP address. Every read and write on the connection fails
// after the limit, counted from now, so that a run cannot hang.
func Dial(ctx context.Context, addr string, limit time.Duration) (*Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		return nil, fmt.Errorf("limit the connection: %w", errors.Join(err, c.Close()))
	}
	return &Conn{conn: c, in: bufio.NewReader(c)}, nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Do sends a whole request, as bytes, and reads the answer. The answer must
// have a Content-Length, as those of a server to small requests do. After an
// error the connection is of no further use.
func (c *Conn) Do(request []byte) (Answer, error) {
	if _, err := c.conn.Write(request); err != nil {
		return Answer{}, fmt.Errorf("send: %w", err)
	}
	status, err := c.status()
	if err != nil {
		return Answer{}, fmt.Errorf("read the status: %w", err)
	}
	length, err := c.headers()
	if err != nil {
		return Answer{}, fmt.Errorf("read the headers: %w", err)
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return Answer{}, fmt.Errorf("read the body: %w", err)
	}
	return Answer{status, c.body}, nil
}

// status reads a line such as "HTTP/1.1 200 OK".
func (c *Conn) status() (int, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	code, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(code) < 3 {
		return 0, fmt.Errorf("no HTTP/1.1 status line: %.40q", line)
	}
	return strconv.Atoi(string(code[:3]))
}

// headers reads up to the empty line and returns the length of the body.
func (c *Conn) headers() (int, error) {
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, fmt.Errorf("Content-Length: %w", err)
			}
		}
	}
	if length < 0 || length > maxBody {
		return 0, fmt.Errorf("a body of %d bytes; the answer must say one of at most %d", length, maxBody)
	}
	return length, nil
}

// Get returns the bytes of a GET request.
func Get(host, path string, headers ...string) []byte {
	return request("GET", host, path, nil, headers)
}

// Post returns the bytes of a POST request with a JSON body. A header is a
// whole line without its end, such as "Accept: */*".
func Post(host, path string, body []byte, headers ...string) []byte {
	return request("POST", host, path, body, append([]string{
		"Content-Type: application/json", "Content-Length: " + strconv.Itoa(len(body)),
	}, headers...))
}

func request(method, host, path string, body []byte, headers []string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
