package main

import (
	"net/url"
	"path"
	"strings"
)

func init() {
	// What the operator takes as an S3 endpoint, with scheme and host as Go sees them.
	topics["endpoint"] = func(input string) string {
		u, err := url.Parse(input)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return refused
		}
		answer := "+" + u.Scheme + " port=" + u.Port()
		if u.User != nil {
			answer += " user"
		}
		if u.RawQuery != "" || u.ForceQuery {
			answer += " query"
		}
		if u.Path != "" {
			answer += " path"
		}
		return answer
	}
	// Two elements with a NUL between.
	topics["path"] = func(input string) string {
		first, second, _ := strings.Cut(input, "\x00")
		return "+" + path.Join(first, second)
	}
}
