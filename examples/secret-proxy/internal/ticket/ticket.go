// Package ticket issues the signed tickets with which jobs prove who started them.
package ticket

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Claims say what a ticket allows, and until when.
type Claims struct {
	Job     string    `json:"job"`
	Trigger string    `json:"trigger"`
	Actor   string    `json:"actor,omitempty"`
	Expires time.Time `json:"expires"`
}

// Sign returns claims and their HMAC-SHA256 under key, both in unpadded
// base64url and joined by a dot.
func Sign(key []byte, claims Claims) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(payload)
	enc := base64.RawURLEncoding
	return enc.EncodeToString(payload) + "." + enc.EncodeToString(mac.Sum(nil)), nil
}
