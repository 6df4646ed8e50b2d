package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var pictures = flag.Bool("pictures", false, "write the pictures of docs/images anew, with -run 'InABrowser|Pictures|Scenarios'")

// browserVariable says what a machine without Chromium means: "required" makes the browser tests fail there,
// else they are skipped.
const browserVariable = "FIELDMARSHAL_BROWSER"

// chromium finds a browser on this machine.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(browserVariable) == "required" {
		t.Fatal("there is no Chromium on this machine, and " + browserVariable + "=required")
	}
	t.Skip("there is no Chromium on this machine; " + browserVariable + "=required makes that a failure")
	return ""
}

// tab is a tab of a browser of its own.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 1000), chromedp.WSURLReadTimeout(patience))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	b := &tab{t, ctx}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // starts the browser, which lives as long as this context
		if os.Getenv(browserVariable) == "required" {
			t.Fatalf("start the browser: %v", err)
		}
		t.Skipf("the browser of this machine does not start: %v", err)
	}
	return b
}

// do runs an action; a page that never comes to what it waits for fails the test.
func (b *tab) do(what string, action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		b.fail(what, err)
	}
}

// fail ends the test, and keeps what the browser showed.
func (b *tab) fail(what string, err error) {
	b.t.Helper()
	path := filepath.Join(os.TempDir(), "fieldmarshal-browser.png")
	if picture, failed := chromedp.Run(b.ctx, chromedp.CaptureScreenshot()); failed == nil && os.WriteFile(path, picture, 0o600) == nil {
		b.t.Logf("what the browser showed is in %s", path)
	}
	b.t.Fatalf("%s: %v", what, err)
}

// goes opens an address.
func (b *tab) goes(address string) {
	b.t.Helper()
	b.do("open "+address, chromedp.Navigate(address))
}

// sees waits until an expression of JavaScript is true. The page may be replaced meanwhile.
func (b *tab) sees(what, expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
		select {
		case <-ctx.Done():
			b.fail("wait for "+what, ctx.Err())
		case <-look.C:
		}
	}
}

// text is what an expression gives.
func (b *tab) text(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.fail(expression, err)
	}
	return text
}

// press uses the keyboard on an element, as everything on the page can be used so: Enter if it is focused.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.sees(selector, fmt.Sprintf("(() => { const e = document.querySelector(%q); if (!e) return false; e.focus(); return document.activeElement === e })()", selector))
	b.do("press Enter on "+selector, chromedp.KeyEvent(kb.Enter))
}

// pressIfThere presses an element that may be gone by now.
func (b *tab) pressIfThere(selector string) {
	b.t.Helper()
	b.sees(selector, fmt.Sprintf("(() => { const e = document.querySelector(%q); if (!e) return true; e.focus(); return document.activeElement === e })()", selector))
	if b.text(fmt.Sprintf("String(document.activeElement.matches(%q))", selector)) == "true" {
		b.do("press Enter on "+selector, chromedp.KeyEvent(kb.Enter))
	}
}

// until does something until an expression is true, again whenever the page says that it could not be taken right
// now, as on a busy machine.
func (b *tab) until(what, done string, do func()) {
	b.t.Helper()
	for range 20 {
		b.do("forget what was said", chromedp.Evaluate[chromedp.Void]("document.getElementById('said').textContent = ''"))
		do()
		b.sees(what, done+" || "+says("#said.bad", "right now")+" || "+says("dialog", "right now"))
		if b.text("String("+done+")") == "true" {
			return
		}
		b.do("wait a moment", chromedp.Sleep(time.Second))
	}
	b.sees(what, done)
}

// types writes into a field in place of what is in it, and presses Enter.
func (b *tab) types(selector, text string) {
	b.t.Helper()
	b.sees(selector, fmt.Sprintf("(() => { const e = document.querySelector(%q); if (!e) return false; e.focus(); e.select(); return document.activeElement === e })()", selector))
	b.do("type into "+selector, chromedp.KeyEvent(text+kb.Enter))
}

// looks sets the size of the screen, and whether it is dark.
func (b *tab) looks(width, height int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.do("set the size of the screen", chromedp.EmulateViewport(width, height))
	b.do("choose the colours", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return chromedp.Void{}, err
	})
}

// picture writes what the browser shows, scrolled to an element, if pictures are asked for.
func (b *tab) picture(name, at string, width, height int64, dark bool) {
	b.t.Helper()
	if !*pictures {
		return
	}
	b.looks(width, height, dark)
	b.sees(at, fmt.Sprintf("(() => { const e = document.querySelector(%q); if (!e) return false; e.scrollIntoView({block: 'start'}); return true })()", at))
	b.do("let it settle", chromedp.Sleep(time.Second))
	b.write(name, chromedp.CaptureScreenshot())
	b.looks(1280, 1000, false)
}

// write keeps a picture among those of the docs.
func (b *tab) write(name string, take chromedp.Action[[]byte]) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, take)
	if err == nil {
		picture, err = smaller(picture)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join("../../docs/images", name+".png"), picture, 0o644)
	}
	if err != nil {
		b.fail("take a picture of "+name, err)
	}
}

// smaller writes a picture in 256 of its colours, as tightly as PNG can: of letters on a plain ground nothing is
// seen to be missing, and the pictures are kept for good.
func smaller(picture []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	often := map[color.Color]int{}
	size := full.Bounds()
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			often[full.At(x, y)]++
		}
	}
	var chosen color.Palette // the most frequent ones, but none that is all but the same as another
	for _, c := range slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int { return often[b] - often[a] }) {
		if len(chosen) < 256 && (len(chosen) == 0 || !alike(c, chosen.Convert(c))) {
			chosen = append(chosen, c)
		}
	}
	small := image.NewPaletted(size, chosen)
	draw.Draw(small, size, full, size.Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small)
	return out.Bytes(), err
}

// alike reports whether hardly anybody can tell two colours apart.
func alike(a, b color.Color) bool {
	const hardly = 10 << 8 // of 255<<8
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	return max(ar, br)-min(ar, br) < hardly && max(ag, bg)-min(ag, bg) < hardly && max(ab, bb)-min(ab, bb) < hardly
}
