package main

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

func init() {
	topics["names"] = func(input string) string {
		answer := "+"
		for _, good := range []bool{
			len(validation.IsDNS1123Label(input)) == 0,
			len(validation.IsDNS1123Subdomain(input)) == 0,
			len(validation.IsQualifiedName(input)) == 0,
			len(validation.IsQualifiedName(strings.ToLower(input))) == 0,
			len(validation.IsValidLabelValue(input)) == 0,
		} {
			if good {
				answer += "y"
			} else {
				answer += "n"
			}
		}
		return answer
	}
}
