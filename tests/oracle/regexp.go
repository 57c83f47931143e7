package main

import (
	"regexp"
	"strings"
)

func init() {
	// The input is a pattern, a NUL and a text.
	topics["regexp"] = func(input string) string {
		pattern, text, _ := strings.Cut(input, "\x00")
		re, err := regexp.Compile(pattern)
		if err != nil {
			return refused + err.Error()
		}
		if re.MatchString(text) {
			return "+yes"
		}
		return "+no"
	}
}
