package p

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

type User struct{ Name string }

func find(ctx context.Context, db *sql.DB) (*User, error) {
	user := &User{}
	err := db.QueryRowContext(ctx, "SELECT name FROM users").Scan(&user.Name)
	return user, err
}

func load(parent context.Context, db *sql.DB) (*User, error) {
	ctx, cancel := context.WithTimeout(parent, time.Second)
	defer cancel()
	user, err := find(ctx, db)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return user, err
}

func each(parent context.Context, db *sql.DB, once *sync.Once) error {
	ctx, stop := context.WithCancel(parent)
	defer stop()
	once.Do(func() {
		find(ctx, db)
	})
	if ctx.Err() != nil {
		stop()
		return ctx.Err()
	}
	return nil
}
