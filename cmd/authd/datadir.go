package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// dataDir is where the demo keeps its files: the user's data folder, by the
// XDG base directory specification or the system's own custom. It is made if
// it is missing.
func dataDir(getenv func(string) string) (string, error) {
	base := getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(base) {
		var err error
		if base, err = systemDataDir(getenv); err != nil {
			return "", fmt.Errorf("find the data folder: %w; set XDG_DATA_HOME", err)
		}
	}
	dir := filepath.Join(base, "authd")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	return dir, nil
}

func systemDataDir(getenv func(string) string) (string, error) {
	switch runtime.GOOS {
	case "windows", "darwin", "ios":
		return os.UserConfigDir() // %AppData%, ~/Library/Application Support
	}
	home := getenv("HOME")
	if home == "" {
		return "", fmt.Errorf("HOME is not set")
	}
	return filepath.Join(home, ".local", "share"), nil
}
