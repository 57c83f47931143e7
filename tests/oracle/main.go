// Oracle answers over a pipe what the programs that read our values later make of them.
//
// Input is a stream of batches: a 32-bit little-endian count of bytes, then that many bytes of requests, each a
// topic and a payload with their lengths in front. The whole batch is read before anything is answered, so that
// neither side ever waits for the other with a full pipe. The answers come in the same order, as one batch.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// A topic gives its answer in words that the C side can produce as well: "+value" or "-" for a refusal.
var topics = map[string]func(input string) string{}

func answer(topic, input string) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = fmt.Sprint("panic: ", r)
		}
	}()
	f := topics[topic]
	if f == nil {
		return "no such topic"
	}
	return f(input)
}

// refused is the answer to a value that the reader does not take.
const refused = "-"

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "oracle:", err)
	os.Exit(2)
}

func cut(batch []byte) (text string, rest []byte) {
	n := binary.LittleEndian.Uint32(batch)
	return string(batch[4 : 4+n]), batch[4+n:]
}

func main() {
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		var size uint32
		err := binary.Read(in, binary.LittleEndian, &size)
		if err == io.EOF {
			return
		}
		if err != nil {
			fatal(err)
		}
		batch := make([]byte, size)
		if _, err := io.ReadFull(in, batch); err != nil {
			fatal(err)
		}
		var answers []byte
		for len(batch) > 0 {
			var topic, input string
			topic, batch = cut(batch)
			input, batch = cut(batch)
			text := answer(topic, input)
			answers = binary.LittleEndian.AppendUint32(answers, uint32(len(text)))
			answers = append(answers, text...)
		}
		if err := binary.Write(out, binary.LittleEndian, uint32(len(answers))); err != nil {
			fatal(err)
		}
		if _, err := out.Write(answers); err != nil {
			fatal(err)
		}
		if err := out.Flush(); err != nil {
			fatal(err)
		}
	}
}
