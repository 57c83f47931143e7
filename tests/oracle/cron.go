package main

import (
	"strings"
	"time"

	"github.com/robfig/cron"
)

func init() {
	// The input is a moment in Unix seconds, a blank and an expression; the answer is the next three fire times.
	topics["cron"] = func(input string) string {
		start, expression, _ := strings.Cut(input, " ")
		schedule, err := cron.ParseStandard(expression)
		if err != nil {
			return refused
		}
		at := time.Unix(number(start), 0).UTC()
		answer := "+"
		for i := 0; i < 3; i++ {
			at = schedule.Next(at)
			if at.IsZero() {
				return answer + " never"
			}
			answer += " " + at.Format(time.RFC3339)
		}
		return answer
	}
}
