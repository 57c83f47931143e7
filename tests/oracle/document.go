package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// raw is runtime.RawExtension as far as decoding goes.
type raw []byte

func (r *raw) UnmarshalJSON(in []byte) error {
	if !bytes.Equal(in, []byte("null")) {
		*r = append((*r)[:0], in...)
	}
	return nil
}

// decoded is a JSON value as the API server reads it, printed with sorted keys.
func decoded(in []byte) (string, error) {
	var value any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(in, &value); err != nil {
		return "", err
	}
	out, err := json.Marshal(value)
	return string(out), err
}

// A stream as kubectl's visitor reads it: the documents, one on a line, up to the first that is refused.
func stream(input string) string {
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(input), 4096)
	var documents strings.Builder
	for {
		var ext raw
		err := decoder.Decode(&ext)
		if err == io.EOF {
			return "+" + documents.String()
		}
		if err != nil {
			return refused + documents.String()
		}
		text := bytes.TrimSpace(ext)
		if len(text) == 0 || bytes.Equal(text, []byte("null")) {
			continue
		}
		document, err := decoded(text)
		if err != nil {
			return refused + documents.String()
		}
		documents.WriteString(document + "\n")
	}
}

// Whether keys of one document are set again. How often is not comparable: go-yaml counts again in each alias.
func duplicates(input string) string {
	_, err := yaml.YAMLToJSONStrict([]byte(input))
	var several *yamlv2.TypeError
	if errors.As(err, &several) {
		if _, err := yaml.YAMLToJSON([]byte(input)); err != nil {
			return refused
		}
		return "+again"
	}
	if err != nil {
		return refused
	}
	return "+"
}

func jsonValue(input string) string {
	var value any
	strict, err := kjson.UnmarshalStrict([]byte(input), &value)
	if err != nil {
		return refused
	}
	out, err := json.Marshal(value)
	if err != nil {
		return refused
	}
	if len(strict) > 0 { // how often is not comparable: one error stands for all of the same path
		return "+again " + string(out)
	}
	return "+" + string(out)
}

func init() {
	topics["yaml"] = stream
	topics["separators"] = stream
	topics["yaml-duplicates"] = duplicates
	topics["json"] = jsonValue
}
