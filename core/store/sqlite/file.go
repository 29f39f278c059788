package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Path returns the file that a store URL of the form sqlite:PATH names. PATH
// is taken as it is: nothing in it is an escape or an option. A relative path
// counts from the working directory of the process.
func Path(storeURL string) (string, error) {
	path, ok := strings.CutPrefix(storeURL, "sqlite:")
	if !ok {
		return "", errors.New("a SQLite store is written sqlite:PATH")
	}
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		if !strings.HasPrefix(rest, "/") {
			return "", errors.New("a SQLite store has no host: write sqlite:PATH or sqlite:///ABSOLUTE/PATH")
		}
		path = rest
	}
	return path, checkPath(path)
}

// checkPath refuses what can be no file of ours.
func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New("the path of the database is empty")
	case strings.ContainsRune(path, 0):
		return errors.New("the path of the database contains a NUL byte")
	case strings.HasPrefix(path, ":memory:"):
		return errors.New("a database in memory would forget everything: name a file")
	case strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)):
		return fmt.Errorf("%q is a folder: name a file in it", path)
	}
	return nil
}

// prepareFile makes sure that the file exists and that its owner alone can
// read and write it, before SQLite sees it, and returns its real absolute path.
func prepareFile(path string) (resolved string, created bool, err error) {
	if err := checkPath(path); err != nil {
		return "", false, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false, err
	}
	created, err = createPrivate(abs)
	if err != nil {
		return "", false, err
	}
	resolved, err = filepath.EvalSymlinks(abs)
	if err != nil {
		return "", false, fmt.Errorf("follow %q: %w", abs, err)
	}
	// What a crash left beside the file holds the same secrets.
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := checkPrivate(resolved + suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return "", false, err
		}
	}
	return resolved, created, nil
}

// createPrivate makes an empty file of mode 0600 unless there is one. The mode
// is there from the first moment; SQLite gives -wal and -shm the same.
func createPrivate(path string) (created bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		return true, f.Close()
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("create %q: the folder %q does not exist; create it first", path, filepath.Dir(path))
	}
	return false, err // names the operation and the path already
}

// checkPrivate refuses anything but a regular file that its owner alone can
// read and write.
func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%q is a folder: name a file in it", path)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%q is no regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o066 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("%q has mode %04o: group or others can read or write it; run: chmod 600 %s", path, mode, shellQuote(path))
	}
	return nil
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// sourceName is the driver's name for a file and how to open it. The file is
// never created here. The path is escaped, so that '?', '#' and '%' in it mean
// themselves.
func sourceName(path string, mode string, pragmas ...string) string {
	query := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_dqs": {"0"}, "_pragma": pragmas}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a Windows drive
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: query.Encode()}).String()
}
