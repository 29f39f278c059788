// Command api is the small protected API behind the refine examples. It shares
// nothing with authd but a URL: access tokens are checked with the keys that
// authd publishes.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "address to serve on")
	issuer := flag.String("issuer", "http://localhost:5173", "authd's publicURL, which tokens name as issuer and audience")
	jwks := flag.String("jwks", "http://127.0.0.1:8080/.well-known/jwks.json", "where authd publishes its keys")
	origins := flag.String("origins", "", "origins of front ends that live elsewhere, separated by commas")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	handler, err := newHandler(newVerifier(ctx, *issuer, *jwks), fields(*origins))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.WithoutCancel(ctx)) })
	log.Printf("the API is at http://%s/api/posts", *listen)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
