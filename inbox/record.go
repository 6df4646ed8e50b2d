package inbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"time"

	"fieldmarshal/prodege"
)

// entry is an event as it waits on disk.
type entry struct {
	At    time.Time     `json:"at"` // when it was appended, UTC
	Event prodege.Event `json:"event"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errDamaged = errors.New("damaged on disk")

// encode writes a value as its CRC-32C in four bytes and its JSON: bbolt has no checksum of its own for
// data, and a flipped bit in an amount would pass for another amount.
func encode(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), crc32.Checksum(text, castagnoli))
	return append(b, text...), nil
}

func decode(b []byte, v any) error {
	if len(b) < 4 || binary.BigEndian.Uint32(b) != crc32.Checksum(b[4:], castagnoli) {
		return errDamaged
	}
	return json.Unmarshal(b[4:], v)
}

// key is a sequence number as bbolt sorts it.
func key(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func sequence(key []byte) (uint64, bool) {
	if len(key) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key), true
}
