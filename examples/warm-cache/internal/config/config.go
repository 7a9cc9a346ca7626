// Package config reads the settings of warm-cache from the environment.
package config

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
)

// Config holds the settings of warm-cache.
type Config struct {
	Listen    string     // LISTEN: address to serve HTTP on
	CacheSize int        // CACHE_SIZE: avatars that are kept
	LogLevel  slog.Level // LOG_LEVEL: debug, info, warn or error
}

// FromEnv returns the settings in the environment, with defaults for those that are not set.
func FromEnv() (Config, error) {
	cfg := Config{Listen: "127.0.0.1:8080", CacheSize: 4096}
	if v, ok := os.LookupEnv("LISTEN"); ok {
		cfg.Listen = v
	}
	if v, ok := os.LookupEnv("CACHE_SIZE"); ok {
		size, err := strconv.Atoi(v)
		if err != nil || size < 1 {
			return Config{}, fmt.Errorf("CACHE_SIZE: %q is not a positive number", v)
		}
		cfg.CacheSize = size
	}
	if v, ok := os.LookupEnv("LOG_LEVEL"); ok {
		if err := cfg.LogLevel.UnmarshalText([]byte(v)); err != nil {
			return Config{}, fmt.Errorf("LOG_LEVEL: %w", err)
		}
	}
	return cfg, nil
}
