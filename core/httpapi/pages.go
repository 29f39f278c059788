package httpapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/authd-go/authd/core"
)

// Pages configure the hosted pages: sign in, register, forgot and update
// password, and what one sees when signed in. They are for people without a
// front end, need no JavaScript, and use the cookie transport.
type Pages struct {
	Title  string // the site's name; empty means the host of PublicURL
	Accent string // "#rrggbb"; empty means DefaultAccent
	Logo   []byte // an image as CheckLogo takes it; empty means none
}

// MaxLogo bounds the logo, in bytes.
const MaxLogo = 256 << 10

// CheckLogo says what is wrong with a logo: it must be an image that
// core.ImageType knows, of at most MaxLogo bytes.
func CheckLogo(image []byte) error {
	if len(image) > MaxLogo {
		return fmt.Errorf("must not be larger than %d bytes", MaxLogo)
	}
	if core.ImageType(image) == "" {
		return errors.New("must be a PNG, JPEG, WebP, GIF or SVG image")
	}
	return nil
}

// Where the pages are. Resets lead to the last one; see core/flow.
const (
	homePage     = "/"
	loginPage    = "/login"
	registerPage = "/register"
	forgotPage   = "/forgot-password"
	updatePage   = "/update-password"
	logoutPage   = "/logout"
	sessionsPage = "/sessions"
	stylePath    = "/auth/pages.css"
	logoPath     = "/auth/logo"
)

//go:embed pages/layout.html pages/style.css
var pageFiles embed.FS

// pages renders. It is made at start, and nil where there are none.
type pages struct {
	templates *template.Template
	site      string
	style     []byte
	styleURL  string
	logo      []byte // the tab's icon, and with hasLogo in the page
	logoType  string
	hasLogo   bool
}

// plainIcon is the tab's icon where there is no logo.
const plainIcon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="%s"/></svg>`

func newPages(o Options) (*pages, error) {
	if o.Pages == nil {
		return nil, nil //nolint:nilnil // no pages is not a mistake
	}
	p := &pages{site: o.Pages.Title, logo: o.Pages.Logo}
	if p.site == "" {
		p.site = o.PublicURL.Hostname()
	}
	accent := o.Pages.Accent
	if accent == "" {
		accent = DefaultAccent
	}
	fill, err := parseColor(accent)
	if err != nil {
		return nil, fmt.Errorf("Pages.Accent: %w", err)
	}
	if p.hasLogo = len(p.logo) > 0; !p.hasLogo {
		p.logo = fmt.Appendf(nil, plainIcon, fill)
	}
	if err := CheckLogo(p.logo); err != nil {
		return nil, fmt.Errorf("Pages.Logo: %w", err)
	}
	p.logoType = core.ImageType(p.logo)
	css, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, err
	}
	p.style = append([]byte(accentStyle(fill)), css...)
	sum := sha256.Sum256(p.style)
	p.styleURL = stylePath + "?v=" + hex.EncodeToString(sum[:8])
	p.templates, err = template.ParseFS(pageFiles, "pages/layout.html")
	return p, err
}

// sheet is one page, filled in.
type sheet struct {
	Title   string
	Text    string
	Failure *pageFailure
	Leave   string // where to send the browser: another origin
	Body    template.HTML

	Site, Style, Logo string
	HasLogo           bool
}

// pageFailure is a refusal as people read it.
type pageFailure struct {
	Name, Message string
	Fields        []pageField
}

// pagePolicy is the Content-Security-Policy of pages.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// show renders a page: the sheet around a template of its own.
func (a *api) show(w http.ResponseWriter, status int, s sheet, body string, data any) error {
	p := a.pages
	var inner, whole bytes.Buffer
	if body != "" {
		if err := p.templates.ExecuteTemplate(&inner, body, data); err != nil {
			return core.Fail(core.Internal, "render a page", err)
		}
	}
	s.Body = template.HTML(inner.String()) //nolint:gosec // html/template made it a moment ago
	s.Site, s.Style, s.Logo, s.HasLogo = p.site, p.styleURL, logoPath, p.hasLogo
	if err := p.templates.ExecuteTemplate(&whole, "page", s); err != nil {
		return core.Fail(core.Internal, "render a page", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	w.WriteHeader(status)
	_, _ = w.Write(whole.Bytes()) // a client that is gone needs no answer
	return nil
}

// goTo sends the browser on after a form. A browser that follows form-action
// 'self' does not follow a redirect of a form's answer to another origin, so
// that takes a page in between.
func (a *api) goTo(w http.ResponseWriter, r *http.Request, target string) error {
	if target == "" {
		target = homePage
	}
	if strings.HasPrefix(target, "/") {
		http.Redirect(w, r, target, http.StatusSeeOther) //nolint:gosec // core.RedirectPolicy has judged it
		return nil
	}
	if !strings.HasPrefix(target, "https://") && !strings.HasPrefix(target, "http://") {
		return core.Fail(core.Internal, "go on", errors.New("the target is no web address"))
	}
	return a.show(w, http.StatusOK, sheet{Title: "One moment", Text: "You are being taken to the next page.", Leave: target},
		"link", pageLink{URL: target, Text: "Continue"})
}

func (a *api) stylesheet(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	if stylePath+"?"+r.URL.RawQuery == a.pages.styleURL {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(a.pages.style)
	return nil
}

// logo serves the operator's image, sealed off: an SVG may hold scripts.
func (a *api) logo(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", a.pages.logoType)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	_, _ = w.Write(a.pages.logo)
	return nil
}
