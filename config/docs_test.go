package config_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/session"
)

// row is a line of the reference: a key with its type and its default.
type row struct{ key, typ, def string }

// TestReference compares docs/configuration.md with the structs: every key, in
// their order, with its type, its default and its variable.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []row
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.+?) \\| (.*?) \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		got = append(got, row{m[1], m[2], strings.Trim(m[3], "`")})
	}
	want := rows(reflect.ValueOf(config.Default()).Elem(), "")
	if !slices.Equal(got, want) {
		t.Error("docs/configuration.md differs from the structs; these are the rows:")
		for _, r := range want {
			def := r.def
			if def != "" {
				def = "`" + def + "`"
			}
			t.Logf("| `%s` | %s | %s | |", r.key, r.typ, def)
		}
	}
}

func rows(v reflect.Value, path string) []row {
	var out []row
	for i := range v.NumField() {
		info := v.Type().Field(i)
		key := info.Tag.Get("koanf")
		switch {
		case info.Anonymous && key == "":
			out = append(out, rows(v.Field(i), path)...)
		case !info.IsExported() || key == "-" || key == "":
		default:
			out = append(out, rowsOf(v.Field(i), strings.TrimPrefix(path+"."+key, "."))...)
		}
	}
	return out
}

func rowsOf(v reflect.Value, path string) []row {
	switch x := v.Interface().(type) {
	case map[string]authd.StrategyOptions:
		return append([]row{{path + ".NAME.type", "one of the kinds", ""}}, rows(reflect.ValueOf(authd.House{Timeout: authd.DefaultTimeout}), path+".NAME")...)
	case core.Messages:
		return rows(reflect.ValueOf(core.Message{}), path+".CODE")
	case onerror.Table:
		return append([]row{{path, "list of blocks", "[{status: 401, refresh: true, logout: true, redirectTo: /login}]"}},
			rows(reflect.ValueOf(onerror.Rule{}), path+"[]")...)
	case authd.Use:
		return []row{{path, "name, list or long form", strings.Join(namesOf(x), ", ")}}
	}
	if typ := typeName(v); typ != "" {
		return []row{{path, typ, defaultOf(v)}}
	}
	return rows(v, path)
}

func namesOf(use authd.Use) []string {
	var out []string
	for _, l := range use {
		out = append(out, l.Strategy)
	}
	return out
}

func typeName(v reflect.Value) string {
	switch v.Interface().(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case int:
		return "whole number"
	case time.Duration:
		return "duration"
	case *url.URL:
		return "origin"
	case []string:
		return "list of text"
	case []netip.Prefix:
		return "list of networks"
	case map[string]string:
		return "block of text"
	case slog.Level:
		return "debug, info, warn or error"
	case config.LogFormat:
		return "text or json"
	case config.SameSite:
		return "lax, strict or none"
	case session.Rotation:
		return "untilUsed, graceOnly or none"
	case []config.Transport:
		return "list of bearer, cookie"
	case onerror.Statuses:
		return "statuses"
	}
	return ""
}

func defaultOf(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case slog.Level:
		return strings.ToLower(x.String())
	case time.Duration:
		return regexp.MustCompile("([hm])0[ms].*$").ReplaceAllString(x.String(), "$1")
	case bool:
		return fmt.Sprint(x)
	case []string:
		if len(x) == 0 {
			return ""
		}
		return "[" + strings.Join(x, ", ") + "]"
	case []config.Transport:
		return strings.ReplaceAll(fmt.Sprint(x), " ", ", ")
	}
	if v.IsZero() {
		return ""
	}
	return fmt.Sprint(v.Interface())
}
