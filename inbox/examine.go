package inbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// bbolt trusts its file: it maps it into memory, and where a page is damaged or missing it panics in
// goroutines of its own or faults on the memory, which ends the process. So the file is examined before it
// is opened, by plain reads. This is bbolt's file format, version 2, which has not changed since 2014.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader = 16
	branchPage = 0x01
	leafPage   = 0x02
	bucketLeaf = 0x01 // an element that is a bucket

	maxDepth = 32 // levels of pages; a file of a terabyte has fewer than ten
)

// pages reads a bbolt file.
type pages struct {
	file  io.ReaderAt
	size  int64
	page  int64  // bytes
	root  uint64 // page of the root bucket
	limit uint64 // pages from here on were never used
	seen  map[uint64]bool
	visit func(bucket string, key, value []byte) // may be nil
}

// examine says what is wrong with the file at path; nil where bbolt may open it. Each readable pair of a
// bucket is given to visit, also from a file that is damaged elsewhere.
func examine(path string, visit func(bucket string, key, value []byte)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	p := &pages{file: f, size: info.Size(), seen: map[uint64]bool{}, visit: visit}
	if err := p.meta(); err != nil {
		return err
	}
	return p.tree(p.root, "", false, nil, nil, 0)
}

// meta reads the newer of the two meta pages that is whole.
func (p *pages) meta() error {
	var newest uint64
	for _, at := range p.metaAt() {
		b := make([]byte, 64)
		if _, err := p.file.ReadAt(b, at+pageHeader); err != nil {
			continue
		}
		sum := fnv.New64a()
		_, _ = sum.Write(b[:56])
		size := int64(binary.NativeEndian.Uint32(b[8:]))
		whole := binary.NativeEndian.Uint32(b) == boltMagic && binary.NativeEndian.Uint32(b[4:]) == boltVersion &&
			binary.NativeEndian.Uint64(b[56:]) == sum.Sum64() && size >= 512 && size <= 1<<20 && size&(size-1) == 0
		if tx := binary.NativeEndian.Uint64(b[48:]); whole && (p.page == 0 || tx > newest) {
			newest, p.page = tx, size
			p.root, p.limit = binary.NativeEndian.Uint64(b[16:]), binary.NativeEndian.Uint64(b[40:])
		}
	}
	if p.page == 0 {
		return errors.New("neither of its two meta pages is whole")
	}
	return nil
}

// metaAt is where meta pages may lie: the second one's place depends on the page size, which the first tells.
func (p *pages) metaAt() []int64 {
	at := []int64{0}
	for size := int64(512); size <= 1<<20; size *= 2 {
		at = append(at, size)
	}
	return at
}

// read gives a page with what overflows from it into the next ones.
func (p *pages) read(id uint64) ([]byte, error) {
	if id < 2 || id >= p.limit || int64(id) >= p.size/p.page {
		return nil, fmt.Errorf("page %d lies outside the file", id)
	}
	head := make([]byte, pageHeader)
	if _, err := p.file.ReadAt(head, int64(id)*p.page); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	more := uint64(binary.NativeEndian.Uint32(head[12:]))
	if id+more >= p.limit || int64(id+more) >= p.size/p.page {
		return nil, fmt.Errorf("page %d runs over the end of the file", id)
	}
	if binary.NativeEndian.Uint64(head) != id {
		return nil, fmt.Errorf("page %d says that it is another", id)
	}
	for i := id; i <= id+more; i++ {
		if p.seen[i] {
			return nil, fmt.Errorf("page %d is used twice", i)
		}
		p.seen[i] = true
	}
	b := make([]byte, int64(more+1)*p.page)
	if _, err := p.file.ReadAt(b, int64(id)*p.page); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return b, nil
}

// tree walks the pages of a bucket, whose keys lie from low up to, not including, high. It goes on after a
// fault, so that visit sees what can be read.
func (p *pages) tree(id uint64, bucket string, nested bool, low, high []byte, depth int) error {
	if depth > maxDepth {
		return errors.New("its pages go round in a circle")
	}
	b, err := p.read(id)
	if err != nil {
		return err
	}
	return p.walk(b, bucket, nested, low, high, depth)
}

func (p *pages) walk(b []byte, bucket string, nested bool, low, high []byte, depth int) error {
	flags, n := binary.NativeEndian.Uint16(b[8:]), int(binary.NativeEndian.Uint16(b[10:]))
	if (flags != branchPage && flags != leafPage) || pageHeader+n*16 > len(b) {
		return errors.New("a page is neither branch nor leaf")
	}
	if flags == branchPage && n == 0 {
		return errors.New("a branch has no children")
	}
	var faults []error
	last := low
	for i := range n {
		e := element{b, pageHeader + i*16}
		k, ok := e.key(flags)
		if !ok || len(k) == 0 || (last != nil && bytes.Compare(k, last) < 0) || (i > 0 && bytes.Equal(k, last)) || (high != nil && bytes.Compare(k, high) >= 0) {
			return errors.Join(append(faults, errors.New("keys are empty, out of order or outside their page"))...)
		}
		last = k
		if err := p.below(e, k, flags, i+1 < n, bucket, nested, high, depth); err != nil && len(faults) < 10 {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// below is what hangs on one key: a pair, or a page whose keys end where the next element's begin.
func (p *pages) below(e element, k []byte, flags uint16, more bool, bucket string, nested bool, high []byte, depth int) error {
	if flags == leafPage {
		return p.leaf(e, k, bucket, nested, depth)
	}
	if more {
		if next, ok := (element{e.page, e.at + 16}).key(flags); ok {
			high = next
		}
	}
	return p.tree(e.child(), bucket, nested, k, high, depth+1)
}

// leaf is one pair of a bucket, or a bucket in the root. Ours are not nested any deeper.
func (p *pages) leaf(e element, k []byte, bucket string, nested bool, depth int) error {
	value, ok := e.value(k)
	isBucket := binary.NativeEndian.Uint32(e.page[e.at:])&bucketLeaf != 0
	switch {
	case !ok:
		return errors.New("a value lies outside its page")
	case isBucket != !nested:
		return fmt.Errorf("it has a bucket or a pair where none belongs: %.40q", k)
	case nested:
		if p.visit != nil {
			p.visit(bucket, k, value)
		}
		return nil
	case !known(string(k)) || len(value) < 16:
		return fmt.Errorf("it has a bucket that is not an inbox's: %.40q", k)
	}
	root := binary.NativeEndian.Uint64(value)
	if root != 0 {
		return p.tree(root, string(k), true, nil, nil, depth+1)
	}
	if inline := value[16:]; len(inline) >= pageHeader {
		return p.walk(inline, string(k), true, nil, nil, depth+1)
	}
	return errors.New("a bucket lacks its page")
}

// element is the description of one key on a page. Bytes at: branch pos 0, ksize 4, child 8; leaf flags 0,
// pos 4, ksize 8, vsize 12. Positions count from the element itself.
type element struct {
	page []byte
	at   int
}

func (e element) child() uint64 { return binary.NativeEndian.Uint64(e.page[e.at+8:]) }

func (e element) key(flags uint16) ([]byte, bool) {
	if e.at+16 > len(e.page) {
		return nil, false
	}
	pos, size := e.at, e.at+4
	if flags == leafPage {
		pos, size = e.at+4, e.at+8
	}
	return e.slice(int64(binary.NativeEndian.Uint32(e.page[pos:])), int64(binary.NativeEndian.Uint32(e.page[size:])))
}

func (e element) value(k []byte) ([]byte, bool) {
	pos := int64(binary.NativeEndian.Uint32(e.page[e.at+4:])) + int64(len(k))
	return e.slice(pos, int64(binary.NativeEndian.Uint32(e.page[e.at+12:])))
}

func (e element) slice(pos, size int64) ([]byte, bool) {
	from, to := int64(e.at)+pos, int64(e.at)+pos+size
	if from < 0 || to > int64(len(e.page)) {
		return nil, false
	}
	return e.page[from:to], true
}
