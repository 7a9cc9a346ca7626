// Package config reads the settings of session-store from the environment.
package config

import (
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Config holds the settings of session-store.
type Config struct {
	Listen     string        // LISTEN: address to serve HTTP on
	SessionTTL time.Duration // SESSION_TTL: how long a session is valid
	LogLevel   slog.Level    // LOG_LEVEL: debug, info, warn or error
}

// FromEnv returns the settings in the environment, with defaults for those that are not set.
func FromEnv() (Config, error) {
	cfg := Config{Listen: "127.0.0.1:8080", SessionTTL: 30 * time.Minute}
	if v, ok := os.LookupEnv("LISTEN"); ok {
		cfg.Listen = v
	}
	if v, ok := os.LookupEnv("SESSION_TTL"); ok {
		ttl, err := time.ParseDuration(v)
		if err != nil {
			return Config{}, fmt.Errorf("SESSION_TTL: %w", err)
		}
		cfg.SessionTTL = ttl
	}
	if v, ok := os.LookupEnv("LOG_LEVEL"); ok {
		if err := cfg.LogLevel.UnmarshalText([]byte(v)); err != nil {
			return Config{}, fmt.Errorf("LOG_LEVEL: %w", err)
		}
	}
	return cfg, nil
}
