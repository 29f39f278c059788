package config

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// text returns what a scalar says, for a field that takes text. An unquoted
// scalar that YAML, or an older YAML, takes for something else is refused:
// 0123 would lose its zero, and yes would be a boolean. An explicit null is the
// empty text. If hidden, no report repeats what is written.
func (d *decoder) text(n *node, path, want string, hidden bool) (string, bool) {
	if n.explicitNull() {
		return "", true
	}
	if n.shape == scalar && !n.quoted && !n.plain() && (n.tag != "!!str" || oldBoolean(n.text)) {
		what, example := n.describe(), quote(n.text)
		if oldBoolean(n.text) {
			what = "true or false to some"
		}
		if hidden {
			example = `"..."`
		}
		d.report.add(n.at, path, fmt.Sprintf("must be text, and unquoted this is %s; quote it: %s", what, example))
		return "", false
	}
	return d.word(n, path, want)
}

// oldBoolean says whether common readers of YAML 1.1 take a word for a boolean.
func oldBoolean(text string) bool {
	switch strings.ToLower(text) {
	case "yes", "no", "on", "off":
		return true
	}
	return false
}

// word returns what a scalar says, with ${...} replaced.
func (d *decoder) word(n *node, path, want string) (string, bool) {
	switch {
	case n.shape == null:
		d.report.add(n.at, path, fmt.Sprintf("has no value; must be %s. Leave the key out for the default", want))
		return "", false
	case n.shape != scalar:
		d.report.add(n.where(), path, fmt.Sprintf("must be %s; this is %s", want, n.describe()))
		return "", false
	case n.plain():
		return n.text, true
	}
	text, err := d.expand(n.at.source, n.text)
	if err != nil {
		d.report.add(n.at, path, err.Error())
		return "", false
	}
	return text, true
}

// bad reports a scalar that says the wrong thing. It repeats what is written,
// which for a ${...} is not what that stands for.
func (d *decoder) bad(n *node, path, want string) {
	if n.quoted && !strings.Contains(n.text, "${") {
		want += ", without quotes"
	}
	d.report.add(n.at, path, fmt.Sprintf("must be %s; this is %s", want, quote(n.text)))
}

// scalar decodes into a basic type.
func (d *decoder) scalar(n *node, path string, out reflect.Value) {
	switch out.Kind() {
	case reflect.String:
		if text, ok := d.text(n, path, "text"+exampleOf(out), false); ok {
			out.SetString(text)
		}
	case reflect.Bool:
		d.boolean(n, path, out)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.whole(n, path, out)
	case reflect.Float32, reflect.Float64:
		d.float(n, path, out)
	default:
		d.report.add(n.where(), path, fmt.Sprintf("cannot be configured: its kind keeps it in a %s", out.Type()))
	}
}

func (d *decoder) boolean(n *node, path string, out reflect.Value) {
	text, ok := d.word(n, path, "true or false")
	if !ok {
		return
	}
	if text != "true" && text != "false" || n.quoted && text == n.text {
		d.bad(n, path, "true or false")
		return
	}
	out.SetBool(text == "true")
	last := path[strings.LastIndex(path, ".")+1:]
	if text == "true" && strings.HasPrefix(last, "insecure") {
		d.insecure = append(d.insecure, path)
	}
}

var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func (d *decoder) whole(n *node, path string, out reflect.Value) {
	want := "a whole number" + cmp.Or(exampleOf(out), " such as 12")
	text, ok := d.word(n, path, want)
	if !ok {
		return
	}
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case !decimal.MatchString(text) || err != nil || n.quoted && text == n.text:
		d.bad(n, path, want)
	case out.CanInt() && !out.OverflowInt(number):
		out.SetInt(number)
	case out.CanUint() && number >= 0 && !out.OverflowUint(uint64(number)):
		out.SetUint(uint64(number))
	default:
		d.bad(n, path, "a number in range")
	}
}

// exampleOf names the default, if there is one, as an example of what is right.
func exampleOf(out reflect.Value) string {
	if out.IsZero() {
		return ""
	}
	return fmt.Sprintf(" such as %v", out.Interface())
}

func (d *decoder) float(n *node, path string, out reflect.Value) {
	text, ok := d.word(n, path, "a number such as 0.5")
	if !ok {
		return
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) || out.OverflowFloat(number) || n.quoted && text == n.text {
		d.bad(n, path, "a number such as 0.5")
		return
	}
	out.SetFloat(number)
}

// natural decodes into a field that takes anything, as JSON would read it.
func (d *decoder) natural(n *node, path string, out reflect.Value) {
	if out.NumMethod() > 0 {
		d.scalar(n, path, out)
		return
	}
	if v := d.anything(n, path); v.IsValid() {
		out.Set(v)
	}
}

func (d *decoder) anything(n *node, path string) reflect.Value {
	var target reflect.Value
	switch {
	case n.shape == null:
		return reflect.Value{}
	case n.shape == list:
		target = reflect.ValueOf(new([]any)).Elem()
	case n.shape == block:
		target = reflect.ValueOf(new(map[string]any)).Elem()
	case n.quoted || n.plain() || n.tag == "!!str" || n.tag == "!!timestamp":
		target = reflect.ValueOf(new(string)).Elem()
	case n.tag == "!!bool":
		target = reflect.ValueOf(new(bool)).Elem()
	case n.tag == "!!int":
		target = reflect.ValueOf(new(int64)).Elem()
	default:
		target = reflect.ValueOf(new(float64)).Elem()
	}
	d.value(n, path, target)
	return target
}
