package main

import (
	"strings"

	filter "github.com/pingcap/tidb-tools/pkg/table-filter"
)

func init() {
	// The input is a schema, a table, "i" or "s" for the case and the rules, separated by NULs.
	topics["filter"] = func(input string) string {
		parts := strings.Split(input, "\x00")
		f, err := filter.Parse(parts[3:])
		if err != nil {
			return refused
		}
		if parts[2] == "i" {
			f = filter.CaseInsensitive(f)
		}
		if f.MatchTable(parts[0], parts[1]) {
			return "+yes"
		}
		return "+no"
	}
}
