// Package config reads the settings of secret-proxy from the environment.
package config

import (
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Config holds the settings of secret-proxy.
type Config struct {
	Listen          string        // LISTEN: address to serve HTTP on
	Project         string        // PROJECT: project that owns the secrets
	SecretEndpoint  string        // SECRET_ENDPOINT: host:port of Secret Manager
	SecretCA        string        // SECRET_CA: PEM file with the authority of its certificate
	TicketTTL       time.Duration // TICKET_TTL: how long an issued ticket is valid
	LogLevel        slog.Level    // LOG_LEVEL: debug, info, warn or error
	ShutdownTimeout time.Duration // SHUTDOWN_TIMEOUT: how long to wait for open requests
}

// FromEnv returns the settings in the environment, with defaults for the optional ones.
func FromEnv() (Config, error) {
	cfg := Config{
		Listen:          "127.0.0.1:8080",
		Project:         "jobs",
		SecretEndpoint:  os.Getenv("SECRET_ENDPOINT"),
		SecretCA:        os.Getenv("SECRET_CA"),
		TicketTTL:       15 * time.Minute,
		ShutdownTimeout: 10 * time.Second,
	}
	if v, ok := os.LookupEnv("LISTEN"); ok {
		cfg.Listen = v
	}
	if v, ok := os.LookupEnv("PROJECT"); ok {
		cfg.Project = v
	}
	if v, ok := os.LookupEnv("LOG_LEVEL"); ok {
		if err := cfg.LogLevel.UnmarshalText([]byte(v)); err != nil {
			return Config{}, fmt.Errorf("LOG_LEVEL: %w", err)
		}
	}
	for name, target := range map[string]*time.Duration{
		"TICKET_TTL":       &cfg.TicketTTL,
		"SHUTDOWN_TIMEOUT": &cfg.ShutdownTimeout,
	} {
		if v, ok := os.LookupEnv(name); ok {
			d, err := time.ParseDuration(v)
			if err != nil {
				return Config{}, fmt.Errorf("%s: %w", name, err)
			}
			*target = d
		}
	}
	if cfg.SecretEndpoint == "" {
		return Config{}, fmt.Errorf("SECRET_ENDPOINT is not set")
	}
	if cfg.SecretCA == "" {
		return Config{}, fmt.Errorf("SECRET_CA is not set")
	}
	return cfg, nil
}
