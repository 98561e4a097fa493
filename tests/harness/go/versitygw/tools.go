//go:build tools

// Package tools pins what the harness builds.
package tools

import (
	_ "github.com/versity/versitygw/cmd/versitygw"
)
