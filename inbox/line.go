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
// The text is JSON without line breaks. A changed byte costs at most the record it is in: if a line break was changed, the
// next line is found by the beginning of a record's text. A line that is cut off at the end of a file was never
// acknowledged.

const (
	sumLength   = len("1c291ca3 ")
	recordStart = `{"number":` // how the text of a record begins; strings inside a record can't contain it, because their quotes are escaped
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

// parseLine returns the text of a line, given without its line break, and reports whether it matches its checksum.
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

// splitLines calls good with the offset and text of each line that matches its checksum, and bad with the offset of each
// damaged one. A line that is cut off at the end is skipped.
func splitLines(data []byte, good func(at int, text []byte), bad func(at int)) {
	for at := 0; at < len(data); {
		line := data[at:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		// If the line break before the next record was changed, this line ends there.
		if i := bytes.Index(line[min(sumLength, len(line)):], []byte(" "+recordStart)); i >= 0 {
			line = line[:i+1]
		}
		text, ok := parseLine(bytes.TrimSuffix(line, []byte{'\n'}))
		intact := ok || len(line) == 1 && line[0] == '\n'
		if !intact {
			text, ok = parseLine(line[:len(line)-1]) // with another byte for its line break
		}
		if ok {
			good(at+sumLength, text)
		}
		at += len(line)
		if cutOff := at == len(data) && !ok && line[len(line)-1] != '\n'; !intact && !cutOff {
			bad(at - len(line))
		}
	}
}
