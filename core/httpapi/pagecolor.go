package httpapi

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// DefaultAccent is the accent colour of pages that name none.
const DefaultAccent = "#4f46e5"

// color is an sRGB colour, each part from 0 to 1.
type color [3]float64

var errColor = errors.New(`must be a colour such as "#4f46e5"`)

func parseColor(text string) (color, error) {
	if len(text) != 7 || text[0] != '#' {
		return color{}, errColor
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		return color{}, errColor
	}
	return color{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, nil
}

// CheckAccent says what is wrong with an accent colour.
func CheckAccent(text string) error {
	_, err := parseColor(text)
	return err
}

// String writes the colour as #rrggbb.
func (c color) String() string {
	part := func(v float64) int { return int(math.Round(v * 255)) }
	return fmt.Sprintf("#%02x%02x%02x", part(c[0]), part(c[1]), part(c[2]))
}

// luminance is the relative luminance of WCAG 2.2.
func (c color) luminance() float64 {
	linear := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b color) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// toward mixes a part of another colour in.
func (c color) toward(other color, part float64) color {
	for i := range c {
		c[i] += (other[i] - c[i]) * part
	}
	return c
}

// textRatio is the least contrast of text: WCAG 2.2, success criterion 1.4.3, level AA.
const textRatio = 4.5

func white() color { return color{1, 1, 1} }
func black() color { return color{} }

// darkCard is the background in pages/style.css that coloured text stands on
// where it is dark. In the light it is white.
func darkCard() color { return color{0x1b / 255.0, 0x1d / 255.0, 0x22 / 255.0} }

// legible returns the colour, moved toward black or white as little as it takes
// to be read on the background.
func (c color) legible(on, toward color) color {
	for part := 0.0; part < 1; part += 0.02 {
		if moved := c.toward(toward, part); contrast(rounded(moved), on) >= textRatio {
			return moved
		}
	}
	return toward
}

// rounded is the colour that a browser shows.
func rounded(c color) color {
	shown, _ := parseColor(c.String())
	return shown
}

// ink is black or white, whichever is read better on the colour.
func (c color) ink() color {
	if contrast(c, white()) >= contrast(c, black()) {
		return white()
	}
	return black()
}

// accentStyle sets the variables of pages/style.css. The accent itself fills
// buttons; links and focus rings take a variant that can be read on each background.
func accentStyle(accent color) string {
	set := func(fill, link color) string {
		return fmt.Sprintf("{ --accent: %s; --on-accent: %s; --link: %s; }", fill, fill.ink(), link)
	}
	return ":root " + set(accent, accent.legible(white(), black())) + "\n" +
		"@media (prefers-color-scheme: dark) { :root " + set(accent, accent.legible(darkCard(), white())) + " }\n"
}
