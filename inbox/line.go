package inbox

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
)

// A line is the CRC-32C of its text in eight hexadecimal digits, a space, the text and a line break:
//
//	1c291ca3 {"number":12,"delivery":"…","at":"…","event":{…}}
//
// The text is JSON and holds no line break. A changed byte costs at most the record it is in: one that joins two lines
// is found by how a record begins. A line that was cut off at the end of a file was never acknowledged.

const (
	sumLength   = len("1c291ca3 ")
	recordStart = `{"number":` // how the text of each record begins; a string within a record can't hold it, as its quotes are escaped
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendLine appends the parts of a text as one line.
func appendLine(b []byte, parts ...[]byte) []byte {
	at := len(b)
	b = append(b, "00000000 "...)
	for _, part := range parts {
		b = append(b, part...)
	}
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.Checksum(b[at+sumLength:], castagnoli))
	hex.Encode(b[at:], sum[:])
	return append(b, '\n')
}

// parseLine returns the text of a line, given without its line break, and reports whether it fits its checksum.
func parseLine(line []byte) (text []byte, ok bool) {
	if len(line) < sumLength || line[sumLength-1] != ' ' {
		return nil, false
	}
	var sum [4]byte
	if _, err := hex.Decode(sum[:], line[:sumLength-1]); err != nil {
		return nil, false
	}
	text = line[sumLength:]
	return text, crc32.Checksum(text, castagnoli) == binary.BigEndian.Uint32(sum[:])
}

// splitLines calls good with the offset and text of each line that fits its checksum, and bad with what fits none.
// A line that was cut off at the end is passed over.
func splitLines(data []byte, good func(at int, text []byte), bad func(at int, raw []byte)) {
	for at := 0; at < len(data); {
		line, rest, ended := bytes.Cut(data[at:], []byte{'\n'})
		next := len(data) - len(rest)
		if text, ok := parseLine(line); ok {
			good(at+sumLength, text)
		} else if len(line) > 0 {
			if found := salvage(at, line, good); found || ended {
				bad(at, line)
			}
		}
		at = next
	}
}

// salvage looks for whole records in a line that does not fit its checksum, and reports whether it found one: where a
// line break was changed, the record before it is followed by one strange byte, and the next one begins after that.
func salvage(at int, line []byte, good func(at int, text []byte)) (found bool) {
	for start := 0; start < len(line); {
		end := len(line)
		if i := bytes.Index(line[min(start+sumLength+1, end):], []byte(" "+recordStart)); i >= 0 {
			end = max(start+1, start+sumLength+1+i-(sumLength-1))
		}
		piece := line[start:end]
		text, ok := parseLine(piece)
		if !ok {
			text, ok = parseLine(piece[:len(piece)-1])
		}
		if ok {
			good(at+start+sumLength, text)
			found = true
		}
		start = end
	}
	return found
}
