package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/httpapi"
)

func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve over HTTP (the default)",
		Long: `Serve over HTTP until SIGINT or SIGTERM. Then authd stops accepting, finishes
what runs within server.shutdownTimeout, and closes. A second signal ends it at
once. Without a configuration it serves a demo on loopback.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context()) },
	}
}

func (a *app) serve(ctx context.Context) (err error) {
	c, demo, err := a.load(ctx)
	if err != nil {
		return err
	}
	log := a.logger(c)
	warn(log, c)
	var recovery flow.RecoverySender
	if demo {
		recovery = printedRecovery{a.stdout}
	}
	h, err := openHouse(ctx, c, log, recovery)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, c.Server.Listen)
	if err != nil {
		return errors.Join(err, h.close(ctx))
	}
	handler, err := h.handler()
	if err != nil {
		return errors.Join(err, listener.Close(), h.close(ctx))
	}
	log.InfoContext(ctx, "serving", "listen", listener.Addr().String(), "url", c.Server.PublicURL.String())
	h.configLoaded(ctx, a.configFiles())
	if demo {
		a.printDemo(c)
	}
	floor := make([]byte, heapFloor)
	defer runtime.KeepAlive(floor)
	return h.serve(ctx, httpapi.Server(handler, log), listener)
}

// heapFloor is memory that is reserved and never touched, so that it costs
// addresses only. The garbage collector starts when the heap has doubled; the
// few megabytes that authd lives in double fifty times a second under load,
// and collecting them would be a fifth of the work of a check.
const heapFloor = 16 << 20

// warn says at each start what an operator must not forget.
func warn(log *slog.Logger, c *config.Config) {
	for _, key := range c.Insecure {
		log.Warn("an insecure switch is on", "key", key)
	}
	for _, p := range c.Warnings {
		log.Warn("configuration", "problem", p.String())
	}
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w; choose another with --set server.listen=127.0.0.1:8081", err)
	}
	if err != nil {
		return nil, fmt.Errorf("server.listen: %w", err)
	}
	return listener, nil
}

// serve runs until ctx ends, then stops accepting, lets what runs finish
// within the limit, and closes everything.
func (h *house) serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		h.log.InfoContext(ctx, "stopping: no new connections, finishing what runs", "limit", h.config.Server.ShutdownTimeout)
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.Server.ShutdownTimeout)
	defer cancel()
	if stopErr := server.Shutdown(limit); stopErr != nil {
		err = errors.Join(err, fmt.Errorf("requests were cut off at the limit: %w", stopErr), server.Close())
	}
	err = errors.Join(err, h.close(limit))
	h.log.InfoContext(ctx, "stopped")
	return err
}
