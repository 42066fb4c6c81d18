/* A log: the last part, which follows the end or waits while somebody reads, pages back in time,
 * search, the colours of terminals, and actions on the program. */
"use strict";

const PAGE = 64 * 1024;      /* bytes of a page back in time */
const KEPT = 512 * 1024;     /* characters that are kept while the end is followed */
const WAITING = 1024 * 1024; /* characters that wait while it is not */
const MATCHES = 5000;        /* that are marked */

/* ---- colours of terminals ---- */

/* Reads text with escape sequences piece by piece: colours become classes, other sequences
 * are dropped, other control characters are shown as ^A. */
class Terminal {
	constructor() {
		this.style = { flags: new Set(), front: "", back: "" };
	}

	copy() {
		const other = new Terminal();
		other.style = { ...this.style, flags: new Set(this.style.flags) };
		return other;
	}

	/* A fragment for whole lines. */
	draw(text) {
		const out = document.createDocumentFragment();
		const parts = text.replace(/\r+\n/g, "\n").split(/(\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Z]|\x1b[=>78McDEH])/);
		parts.forEach((part, i) => {
			if (i % 2 === 0)
				this.text(out, part);
			else if (part.startsWith("\x1b[") && part.endsWith("m"))
				this.colour(part.slice(2, -1));
		});
		return out;
	}

	text(out, part) {
		if (!part)
			return;
		const shown = part.replace(/[\x00-\x08\x0b-\x1f\x7f]/g,
		    c => c === "\r" ? "\n" : "^" + String.fromCharCode(c.charCodeAt(0) ^ 0x40));
		const { flags, front, back } = this.style;
		if (!flags.size && !front && !back)
			return out.append(shown);
		const span = element("span", {}, shown);
		const classes = [...flags];
		for (const [value, property, letter] of [[front, "color", "f"], [back, "backgroundColor", "b"]])
			if (value.startsWith("rgb"))
				span.style[property] = value;
			else if (value)
				classes.push(letter + value);
		span.className = classes.join(" ");
		out.append(span);
	}

	colour(codes) {
		const list = codes.split(/[;:]/).map(Number), s = this.style;
		for (let i = 0; i < list.length; i++) {
			const n = list[i];
			if (n === 0)
				this.style = Object.assign(s, { flags: new Set(), front: "", back: "" });
			else if ([1, 2, 3, 4, 7].includes(n))
				s.flags.add("a" + n);
			else if (n === 22)
				s.flags.delete("a1"), s.flags.delete("a2");
			else if ([23, 24, 27].includes(n))
				s.flags.delete("a" + (n - 20));
			else if (n === 38 || n === 48)
				i = this.wide(list, i, n === 38 ? "front" : "back");
			else if (n === 39 || n === 49)
				s[n === 39 ? "front" : "back"] = "";
			else if (n >= 30 && n <= 47)
				s[n < 40 ? "front" : "back"] = String(n % 10);
			else if (n >= 90 && n <= 107)
				s[n < 100 ? "front" : "back"] = String(n % 10);
		}
	}

	/* 38;5;N and 38;2;R;G;B. The index of the last number that was used. */
	wide(list, i, where) {
		if (list[i + 1] === 2) {
			this.style[where] = "rgb(" + list.slice(i + 2, i + 5).map(n => n & 255).join(",") + ")";
			return i + 4;
		}
		const n = list[i + 2] & 255, c = n - 16, step = v => v ? 55 + 40 * v : 0;
		if (n < 16)
			this.style[where] = String(n % 8);
		else if (n > 231)
			this.style[where] = "rgb(" + [0, 0, 0].map(() => 8 + 10 * (n - 232)).join(",") + ")";
		else
			this.style[where] = "rgb(" + [step(Math.floor(c / 36)), step(Math.floor(c / 6) % 6), step(c % 6)].join(",") + ")";
		return i + 2;
	}
}

/* ---- what is shown ---- */

const screen = $("screen"), lines = $("lines");
$("bar").insertAdjacentHTML("beforeend", `<div class="log-tools">
<label class="find"><span class="unseen">Find</span><input type="search" id="find" placeholder="Find in what is shown" autocomplete="off" spellcheck="false"></label>
<button type="button" id="find-previous" aria-label="Previous match">↑</button>
<button type="button" id="find-next" aria-label="Next match">↓</button>
<output id="found"></output>
<label><input type="checkbox" id="wrap"> Wrap</label></div>`);
screen.insertAdjacentHTML("afterbegin", `<button type="button" id="earlier" hidden>Show earlier lines</button>`);
screen.insertAdjacentHTML("afterend", `<p class="follow"><button type="button" id="follow" class="strong" hidden></button></p>`);
const spec = screen.dataset.log, channel = screen.dataset.stream;
const main = channel === "main";
const size = text => new TextEncoder().encode(text).length;
let terminal = new Terminal();
let following = true, fresh = true, again = false, waiting = "", missed = 0, drawn = 0;
let carry = "", rest = null; /* the last line, which has no end yet, and its node */
let start = 0, end = 0;      /* bytes of the log that are shown */
let head = "";               /* the end of the line that was cut at `start` */
let planned = false, loading = false;

/* A stream begins with the last part of the log. It replaces what is shown, unless
 * somebody reads that; then what is known already is left out. */
stream.query = () => {
	if (following)
		fresh = true;
	else
		again = true;
	return { log: (main ? "" : spec) + ":" + channel };
};

function note(text) {
	finishLine();
	lines.append(element("div", { className: "note" }, text));
}

function finishLine() {
	if (carry)
		append("\n");
}

/* Adds whole lines as one node; the line without an end is a node of its own. */
function append(text) {
	const all = carry + text, cut = all.lastIndexOf("\n") + 1;
	if (rest)
		rest.remove();
	rest = null;
	if (cut) {
		const block = element("div", {}, terminal.draw(all.slice(0, cut - 1)));
		if (cut === 1)
			block.append("\n");
		block.length = cut;
		block.bytes = size(all.slice(0, cut));
		lines.append(block);
		drawn += cut;
	}
	carry = all.slice(cut);
	if (carry) {
		rest = element("div", {}, terminal.copy().draw(carry));
		lines.append(rest);
	}
}

function trim() {
	while (drawn > KEPT && lines.childNodes.length > 2) {
		const first = lines.firstChild;
		drawn -= first.length || 0;
		start += size(head) + (first.bytes || 0);
		head = "";
		first.remove();
	}
}

function flush() {
	planned = false;
	const text = waiting;
	waiting = "";
	missed = 0;
	append(text);
	trim();
	screen.scrollTop = screen.scrollHeight;
	showButtons();
}

function showButtons() {
	$("earlier").hidden = start === 0;
	$("follow").hidden = following;
	setText($("follow"), missed ? "Follow: " + missed.toLocaleString() + " new line" + (missed > 1 ? "s" : "") : "Follow");
}

function take({ offset, text, end: reached, error }) {
	if (error)
		return note("This log " + (error === "no such log" ? "does not exist." : error + "."));
	if (again && offset < end && reached <= end)
		return;
	if (again && offset < end) {
		text = new TextDecoder().decode(new TextEncoder().encode(text).slice(end - offset));
		offset = end;
	}
	again = false;
	if (fresh) {
		lines.replaceChildren();
		terminal = new Terminal();
		carry = waiting = "";
		rest = null;
		drawn = 0;
		start = offset;
		if (start > 0) {
			head = text.slice(0, text.indexOf("\n") + 1);
			text = text.slice(head.length);
		}
		fresh = false;
	} else if (offset < end) {
		cutOff("The log was truncated or replaced here.", offset);
	} else if (offset > end) {
		cutOff((offset - end).toLocaleString() + " bytes are not shown.", start);
	}
	end = reached;
	waiting += text;
	if (following) {
		if (!planned)
			requestAnimationFrame(flush);
		planned = true;
	} else {
		missed += text.split("\n").length - 1;
		if (waiting.length > WAITING)
			waiting = waiting.slice(waiting.indexOf("\n", waiting.length - WAITING / 2) + 1);
		showButtons();
	}
}

/* What comes next does not continue what is shown. */
function cutOff(text, from) {
	append(waiting);
	waiting = "";
	note(text);
	start = from;
	head = "";
	terminal = new Terminal();
}

stream.handlers.log = piece => { take(piece); };
const actions = $("actions"), word = document.querySelector(".log-head .state");
const words = document.querySelector(".log-text");
let problem = "", busy = false, known = null;
const place = element("span", { className: "log-buttons" });
const signal = actions.querySelector('button[value^="signal "]');
actions.prepend(place);
for (const button of [...actions.children])
	if (/^(start|restart|stop) /.test(button.value || ""))
		place.append(button);

function paint() {
	if (!known)
		return;
	setState(word, known.statename);
	setText(words, [problem, activity(known)].filter(Boolean).join(" — "));
	paintButtons(place, known, busy);
	if (signal) {
		signal.disabled = busy;
		signal.parentNode.hidden = isStopped(known);
	}
}

actions.addEventListener("submit", async event => {
	const [verb, name] = asked(event);
	if (!verb || !known)
		return;
	event.preventDefault();
	busy = true;
	problem = "";
	paint();
	problem = await act(verb, name, verb === "signal" && $("signal").value);
	busy = false;
	paint();
});

stream.handlers.process = row => {
	if (specOf(row) !== spec)
		return;
	if (known && known.statename !== row.statename)
		problem = "";
	known = row;
	paint();
};
stream.handlers.rows = list => list.forEach(stream.handlers.process);

/* ---- back in time ---- */

async function earlier() {
	if (loading || start === 0)
		return;
	loading = true;
	follow(false);
	const from = Math.max(0, start - PAGE);
	const method = main ? ["supervisor.readLog"] :
	    [channel === "stderr" ? "supervisor.readProcessStderrLog" : "supervisor.readProcessStdoutLog", spec];
	const { error, result } = await call(...method, from, start - from);
	if (error) {
		lines.prepend(element("div", { className: "note" }, "Cannot read earlier lines: " + error.message));
	} else {
		let text = result + head;
		head = from > 0 ? text.slice(0, text.indexOf("\n") + 1) : "";
		text = text.slice(head.length).replace(/\n$/, "");
		const below = screen.scrollHeight - screen.scrollTop;
		lines.prepend(element("div", { bytes: start - from }, new Terminal().draw(text)));
		start = from;
		screen.scrollTop = screen.scrollHeight - below;
	}
	loading = false;
	showButtons();
}

function follow(yes) {
	following = yes;
	if (yes)
		flush();
	showButtons();
}

let before = 0;
screen.addEventListener("scroll", () => {
	const top = screen.scrollTop;
	const atEnd = screen.scrollHeight - top - screen.clientHeight < 8;
	if (following && top < before && !atEnd)
		follow(false);
	else if (!following && atEnd && top > before)
		follow(true);
	if (top === 0 && before > 0)
		earlier();
	before = top;
});
$("earlier").addEventListener("click", earlier);
$("follow").addEventListener("click", () => follow(true));

/* ---- find ---- */

let ranges = [], current = -1;

function findText() {
	const wanted = $("find").value.toLowerCase();
	ranges = [];
	current = -1;
	const walker = document.createTreeWalker(lines, NodeFilter.SHOW_TEXT);
	for (let node; wanted && ranges.length < MATCHES && (node = walker.nextNode());) {
		const text = node.data.toLowerCase();
		for (let at = text.indexOf(wanted); at >= 0 && ranges.length < MATCHES; at = text.indexOf(wanted, at + wanted.length)) {
			const range = new Range();
			range.setStart(node, at);
			range.setEnd(node, Math.min(at + wanted.length, node.length));
			ranges.push(range);
		}
	}
	if (globalThis.Highlight) {
		CSS.highlights.clear();
		CSS.highlights.set("found", new Highlight(...ranges));
	}
	step(-1);
}

function step(direction) {
	if (ranges.length) {
		follow(false);
		current = current < 0 ? direction < 0 ? ranges.length - 1 : 0 :
		    (current + direction + ranges.length) % ranges.length;
		const range = ranges[current];
		if (globalThis.Highlight)
			CSS.highlights.set("current", new Highlight(range));
		const box = range.getBoundingClientRect(), frame = screen.getBoundingClientRect();
		if (box.top < frame.top || box.bottom > frame.bottom)
			screen.scrollTop += box.top - frame.top - frame.height / 2;
	}
	setText($("found"), !$("find").value ? "" : !ranges.length ? "not found" :
	    current + 1 + " of " + ranges.length + (ranges.length === MATCHES ? "+" : ""));
}

$("find").addEventListener("input", findText);
$("find").addEventListener("keydown", event => {
	if (event.key === "Enter")
		step(event.shiftKey ? -1 : 1);
	else if (event.key === "Escape")
		screen.focus();
});
$("find-next").addEventListener("click", () => step(1));
$("find-previous").addEventListener("click", () => step(-1));

/* ---- wrap, keys ---- */

function wrap() {
	screen.classList.toggle("wraps", $("wrap").checked);
	localStorage.setItem("wrap", $("wrap").checked ? "1" : "");
	if (following)
		screen.scrollTop = screen.scrollHeight;
}

$("wrap").checked = localStorage.getItem("wrap") !== "";
$("wrap").addEventListener("change", wrap);
wrap();

listenToKeys({
	"/": ["/", "find text", () => $("find").select()],
	f: ["f End", "follow the end of the log", () => follow(true)],
	End: ["", "", () => follow(true)],
	Home: ["Home", "earlier lines", () => screen.scrollTop > 0 ? screen.scrollTop = 0 : earlier()],
	w: ["w", "wrap lines, or not", () => { $("wrap").checked = !$("wrap").checked; wrap(); }],
	Escape: ["Esc", "back to the programs", () => { location.href = "."; }],
}, null);

screen.scrollTop = screen.scrollHeight;
stream.open();
