package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// Server returns a server for h with limits that suit an API on the open
// network: a client has 10 seconds for the headers and a minute for the whole
// request, an answer must be written 90 seconds after the headers came, a quiet
// connection is kept for two minutes, and headers end at 32 KiB. The caller sets Addr. Each
// limit may be changed before the server starts; ReadTimeout should stay above
// Options.Timeout, because net/http cancels a running request when it passes.
// A nil log discards what net/http has to say.
func Server(h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
