package main

import (
	"math/big"

	"k8s.io/apimachinery/pkg/api/resource"
)

func init() {
	// The answer is the value in nanos.
	topics["quantity"] = func(input string) string {
		q, err := resource.ParseQuantity(input)
		if err != nil {
			return refused
		}
		d := q.AsDec()
		nanos := new(big.Int).Set(d.UnscaledBig())
		ten := big.NewInt(10)
		for scale := d.Scale(); scale != 9; {
			if scale < 9 {
				nanos.Mul(nanos, ten)
				scale++
			} else {
				nanos.Div(nanos, ten)
				scale--
			}
		}
		if new(big.Int).Abs(nanos).BitLen() > 120 {
			return "+huge"
		}
		return "+" + nanos.String()
	}
}
