// Forms are sent in the background, and the page follows every change: it asks for itself anew and replaces what
// differs.
"use strict";

// Every child of a data-keyed element has an id, by which it is known again.
const shown = new Map(); // by that id: the HTML as the server last sent it
const $ = (id) => document.getElementById(id);

const me = () => document.querySelector("#who select")?.value ?? "";

function say(text, bad) {
  const p = $("said");
  p.textContent = text || "";
  p.classList.toggle("bad", Boolean(bad));
}

// remember notes what the server sent, before anybody types into it.
function remember() {
  document.querySelectorAll("[data-keyed] > [id]").forEach((e) => shown.set(e.id, e.outerHTML));
}

// What can have the focus, and what tells one such element from another. A button that has data-same stays the
// same one when it means another thing.
const can = "a[href], button, input:not([type=hidden]), textarea, select, summary";
const traits = (e) => [e.tagName, e.name, e.type, e.tagName === "BUTTON" ? e.dataset.same ?? e.value : e.getAttribute("href"), e.form?.getAttribute("action")].join();

// twin finds in new HTML what an element of the old was: undefined where there is no such thing any more.
function twin(e, from, to) {
  const alike = (root) => [...root.querySelectorAll(can)].filter((o) => traits(o) === traits(e));
  return alike(to)[alike(from).indexOf(e)];
}

// keep carries over what the person did to an element that is replaced: entries and open details.
function keep(from, to) {
  const inner = (e, what) => [...e.querySelectorAll(what)];
  inner(from, "input:not([type=hidden]), textarea, select").forEach((e) => {
    const same = twin(e, from, to);
    if (!same) return;
    if (e.type === "checkbox") same.checked = e.checked;
    else if (e.tagName === "SELECT" || e.value !== e.defaultValue) same.value = e.value;
  });
  const folds = [from, ...inner(from, "details")].filter((e) => e.tagName === "DETAILS");
  [to, ...inner(to, "details")].filter((e) => e.tagName === "DETAILS").forEach((e, i) => { if (folds[i]) e.open = folds[i].open; });
}

// The place of the focus outside of modals, or of what came in its place. It goes back there when a modal
// closes, or when what has it is replaced.
let place = null;
document.addEventListener("focusin", (e) => { if (!e.target.closest("dialog")) place = e.target; });

// focusOn puts the focus on an element, else on what is around it: a button's message, the head of its fold.
function focusOn(e) {
  for (; e && e !== document.body; e = e.parentElement) {
    const to = e.tagName === "DETAILS" ? e.querySelector("summary") : e;
    if (e.matches("article, section, [data-keyed], [data-keyed] > :not(details)")) e.tabIndex = -1;
    to.focus({ preventScroll: true });
    if (document.activeElement === to) return;
  }
}

// Not everybody is in every channel.
function mergeChannels(next) {
  const here = $("channels"), theirs = next.getElementById("channels");
  if (!here || !theirs) return;
  [...here.children].forEach((c) => { if (!next.getElementById(c.id)) c.remove(); });
  [...theirs.children].forEach((c, i) => {
    if ($(c.id)) return;
    const empty = c.cloneNode(true);
    empty.querySelector("[data-keyed]").replaceChildren();
    here.insertBefore(empty, here.children[i] || null);
  });
}

function mergeList(here, list) {
  const wanted = new Set();
  let at = here.firstElementChild;
  [...list.children].forEach((item) => {
    const html = item.outerHTML, old = $(item.id);
    wanted.add(item.id);
    if (old && old.parentElement === here) {
      if (at === old) at = old.nextElementSibling;
      else here.insertBefore(old, at);
      if (shown.get(item.id) === html) return;
      keep(old, item);
      if (old.contains(place)) place = twin(place, old, item) || item;
      old.replaceWith(item);
    } else {
      here.insertBefore(item, at);
      item.classList.add("new");
    }
    shown.set(item.id, html);
  });
  [...here.children].forEach((e) => {
    if (wanted.has(e.id)) return;
    shown.delete(e.id);
    if (e.contains(place)) place = here;
    e.remove();
  });
}

function merge(next) {
  const focused = document.activeElement !== document.body;
  mergeChannels(next);
  next.querySelectorAll("[data-keyed]").forEach((list) => {
    const here = $(list.id);
    if (here) mergeList(here, list);
  });
  showModals();
  tellEnd();
  if (focused && document.activeElement === document.body) focusOn(place);
}

// tellEnd says how a scenario ended that was on when the page looked last.
let playing = false;
function tellEnd() {
  const play = $("playback"), verdict = play?.dataset.verdict;
  if (playing && verdict) say(verdict, "failed" in play.dataset);
  playing = Boolean(play) && !verdict;
}

// showModals makes the modals modal: the focus stays inside, Escape closes.
function showModals() {
  document.querySelectorAll("dialog[open]").forEach((d) => {
    if (d.matches(":modal")) return;
    d.close();
    d.showModal();
    (d.querySelector("[aria-invalid]") || d.querySelector("input:not([type=hidden]), textarea, select, button.primary"))?.focus();
  });
}

document.addEventListener("cancel", (e) => {
  if (e.target.tagName !== "DIALOG") return;
  e.preventDefault();
  e.target.querySelector("button.close").click();
}, true);

// Enter in a field presses the button that data-enter names.
document.addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || e.isComposing || !e.target.dataset.enter) return;
  e.preventDefault();
  e.target.form.querySelector(`button[value="${e.target.dataset.enter}"]`).click();
});

let asking = false, again = false;
async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  const asked = location.search;
  try {
    const answer = await fetch(location.pathname + asked, { headers: { Accept: "text/html" } });
    if (location.search !== asked) again = true; // somebody else looks by now
    else merge(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the stream tells when the server is back */ }
  asking = false;
  if (again) { again = false; setTimeout(refresh, 150); }
}

document.addEventListener("submit", async (e) => {
  const form = e.target, button = e.submitter;
  if (form.method !== "post") return;
  e.preventDefault();
  if (button?.hidden) return; // there only to be what Enter presses
  const ask = button?.dataset.confirm;
  if (ask && !confirm(ask)) return;
  const data = new URLSearchParams(new FormData(form, button));
  data.set("as", me());
  if (button) { button.setAttribute("aria-busy", "true"); }
  try {
    const answer = await fetch(button?.getAttribute("formaction") || form.getAttribute("action"), { method: "POST", body: data });
    const { ok, said } = await answer.json();
    say(said, !ok);
    if (ok && form.classList.contains("command")) form.querySelector("[name=text]").value = "";
  } catch {
    say("The simulator does not answer. Is it still running?", true);
  }
  button?.removeAttribute("aria-busy");
  refresh();
});

// Somebody else looks: the page stays, with the focus where it is.
$("who")?.addEventListener("change", () => {
  const url = new URL(location.href);
  url.searchParams.set("as", me());
  history.replaceState(null, "", url);
  say("");
  refresh();
});

// A link into the page opens what its target stands in.
addEventListener("hashchange", () => document.querySelectorAll("details").forEach((d) => { if (d.querySelector(":target")) d.open = true; }));

remember();
showModals();
tellEnd();
const stream = new EventSource("events");
const live = (is) => { $("live").textContent = is ? "live" : "not live"; $("live").classList.toggle("on", is); };
stream.onopen = () => { live(true); refresh(); };
stream.onmessage = (e) => { if (e.data === "changed") refresh(); };
stream.onerror = () => live(false);
