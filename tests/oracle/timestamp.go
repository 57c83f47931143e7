package main

import (
	"strconv"
	"time"
)

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// The operator's ParseTSString in UTC, with the kind of the text in front.
func timestamp(input string) string {
	if tso, err := strconv.ParseUint(input, 10, 64); err == nil {
		return "+tso " + strconv.FormatUint(tso, 10)
	}
	kind := "zoneless "
	t, err := time.ParseInLocation("2006-01-02 15:04:05", input, time.UTC)
	if err != nil {
		kind = "zoned "
		t, err = time.Parse(time.RFC3339, input)
	}
	if err != nil {
		return refused
	}
	return "+" + kind + strconv.FormatUint(uint64(t.UnixNano()/int64(time.Millisecond))<<18, 10)
}

func init() {
	topics["timestamp"] = timestamp
}
