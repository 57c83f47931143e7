package main

import (
	"strconv"
	"time"
)

func init() {
	topics["duration"] = func(input string) string {
		d, err := time.ParseDuration(input)
		if err != nil {
			return refused
		}
		return "+" + strconv.FormatInt(int64(d), 10) + " " + d.String()
	}
}
