package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"slices"
	"strconv"
)

// post is what the example lists.
type post struct {
	ID     int    `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author"`
	State  string `json:"state"`
}

func posts() []post {
	return []post{
		{1, "A backend per method", "John Doe", "published"},
		{2, "What a lost answer may not cost", "Jane Doe", "published"},
		{3, "Redirects are judged, never repaired", "John Doe", "draft"},
		{4, "One refresh for ten requests", "Jane Doe", "in review"},
	}
}

type callerKey struct{}

// newHandler returns the API. Pages of other origins may call it if they are
// in the list, with cookies too; nobody else's page may.
func newHandler(v *verifier, origins []string) (http.Handler, error) {
	api := http.NewServeMux()
	api.HandleFunc("GET /api/posts", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"data": posts(), "total": len(posts())})
	})
	api.HandleFunc("GET /api/report", report)
	api.HandleFunc("GET /api/demand/{status}", demand)
	api.HandleFunc("POST /api/demand/{status}", demand)

	// The cookie comes along with whatever a browser sends, so that what may
	// change something must come from a page that we know.
	var protection http.CrossOriginProtection
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("origins: %w", err)
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, "This page may not do that.")
	}))
	return cors(origins, protection.Handler(protect(v, api))), nil
}

// protect lets callers with a good access token through.
func protect(v *verifier, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := accessToken(r)
		if !ok {
			refuse(w, http.StatusUnauthorized, "Please sign in.")
			return
		}
		c, err := v.verify(r.Context(), token)
		if err != nil {
			log.Print(err)
			refuse(w, http.StatusUnauthorized, "Your session has ended. Please sign in again.")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

// report is for admins. What the front end hides is not thereby protected.
func report(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(callerKey{}).(caller)
	if !slices.Contains(c.Roles, "admin") {
		refuse(w, http.StatusForbidden, "Only admins may see the report.")
		return
	}
	answer(w, http.StatusOK, map[string]any{"data": map[string]any{"id": "today", "visits": 1204, "signIns": 87, "refused": 3}})
}

// demand answers 401 or 403 because it was asked to.
func demand(w http.ResponseWriter, r *http.Request) {
	status, _ := strconv.Atoi(r.PathValue("status"))
	switch status {
	case http.StatusUnauthorized:
		refuse(w, status, "The API says that you are not signed in.")
	case http.StatusForbidden:
		refuse(w, status, "The API says that you may not do this.")
	default:
		refuse(w, http.StatusNotFound, "Only 401 and 403 are to be had.")
	}
}

// cors lets the listed origins read the answers, refusals included: a 401
// without these headers looks like a network error to the page.
func cors(origins []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); slices.Contains(origins, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers an error as data providers read it, with a top-level message.
func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"message": message, "statusCode": status})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Print(err)
	}
}
