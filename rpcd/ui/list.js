/* The list of programs: the table that the server wrote stays and is kept up to date with what
 * the stream says; filter, actions on one program, a group or all that are shown, and keys. */
"use strict";

const ORDER = ["FATAL", "BACKOFF", "UNKNOWN", "EXITED", "STARTING", "STOPPING", "RUNNING", "STOPPED"];
const VERBS = ["start", "restart", "stop", "more"].filter(verb => may.has(verb)); /* of many */
const SIGNALS = ["HUP", "INT", "TERM", "USR1", "USR2", "KILL"];

const rows = new Map();   /* by id: what the stream says */
const views = new Map();  /* by id: {tr, cells} */
const figures = new Map(); /* by id: CPU, memory, descriptors */
const problems = new Map(); /* by name: the text of a fault */
const busy = new Set();   /* names whose action is under way */
const dirty = new Set();  /* ids of rows that have changed since the last layout */
let order = null;         /* the rows in their order, null: it has changed */
let snapshot = null, selected = 0, planned = false, troubles = 0;
let skew = 0;             /* seconds by which the daemon's clock is ahead */
const table = document.querySelector("table");
const filter = readFilter();

/* ---- words ---- */

const logUrl = spec => "tail.html?processname=" + encodeURIComponent(spec);
const now = () => Date.now() / 1000 + skew;

function duration(seconds) {
	const s = Math.max(0, Math.floor(seconds)), two = n => String(n).padStart(2, "0");
	const days = Math.floor(s / 86400);
	return (days ? days + "d " : "") + Math.floor(s / 3600) % 24 + ":" +
	    two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
}

function bytes(n) {
	let unit = 0;
	for (; n >= 1000 && unit < 4; unit++)
		n /= 1024;
	return (unit && n < 10 ? n.toFixed(1) : Math.round(n)) + " " + ["B", "KB", "MB", "GB", "TB"][unit];
}

/* It ended by itself less than a minute ago. */
function hasCrashed(row) {
	const exit = row.last_exit || {};
	return row.restarts > 0 && exit.time > 0 && now() - exit.time < 60 &&
	    (exit.signal ? ![1, 2, 3, 9, 15].includes(exit.signal) : exit.status !== 0);
}

function isBad(row) {
	if (["STARTING", "RUNNING"].includes(row.statename))
		return row.health === "unhealthy" || hasCrashed(row);
	return ["FATAL", "BACKOFF", "UNKNOWN"].includes(row.statename) ||
	    row.statename === "EXITED" && row.exitstatus !== 0;
}

function stateWord(name) {
	const word = element("span", { className: "state" });
	setState(word, name);
	return word;
}

const labelOf = verb => verb === "more" ? "More…" : capital(verb);

/* ---- filter ---- */

function readFilter() {
	const query = new URLSearchParams(location.search);
	return { text: query.get("q") || "", state: query.get("state") || "" };
}

/* The filter as a part of the URL, with this state. */
function filterQuery(state) {
	const query = new URLSearchParams();
	if (filter.text)
		query.set("q", filter.text);
	if (state)
		query.set("state", state);
	return query.size ? "?" + query : ".";
}

function isShown(row) {
	const text = filter.text.toLowerCase();
	return (!filter.state || row.statename === filter.state) &&
	    (!text || specOf(row).toLowerCase().includes(text) ||
		row.group.toLowerCase().includes(text) || String(row.pid) === text);
}

/* ---- rows ---- */

/* By code points, as the server sorts. */
function compare(a, b) {
	const key = (x, y) => x < y ? -1 : x > y ? 1 : 0;
	return key(a.group, b.group) || key(a.name, b.name) || a.id - b.id;
}

const sorted = () => order || (order = [...rows.values()].sort(compare));

/* A row of the table: that of the server (list.c), or a new one. */
function makeView(row) {
	const spec = specOf(row);
	let tr = $("p" + row.id);
	if (!tr) {
		const link = element("a", {}, row.name), td = () => element("td", {});
		if (may.has("log"))
			link.href = logUrl(spec);
		tr = element("tr", { id: "p" + row.id }, element("td", {}, element("span", { className: "state" })),
		    element("th", { scope: "row" }, link), td(), td(), td(), td(), td(), td(), td());
	}
	tr.dataset.id = row.id;
	tr.dataset.name = spec;
	const [state, , text, pid, uptime, cpu, memory, restarts, buttons] = tr.cells;
	const view = { tr, state: state.firstChild, text, pid, uptime, cpu, memory, restarts, buttons,
		problem: undefined, activity: text.textContent };
	views.set(row.id, view);
	return view;
}

function paint(row) {
	const view = views.get(row.id) || makeView(row);
	const problem = problems.get(specOf(row)), doing = activity(row), bad = isBad(row);
	view.row = row;
	setState(view.state, row.statename);
	if (view.tr.classList.contains("bad") !== bad)
		view.tr.classList.toggle("bad", bad);
	if (view.problem !== problem || view.activity !== doing) {
		view.problem = problem;
		view.activity = doing;
		view.text.replaceChildren(doing,
		    ...problem ? [element("span", { className: "problem", role: "alert" }, problem)] : []);
	}
	setText(view.pid, row.pid ? String(row.pid) : "");
	setText(view.restarts, row.restarts ? String(row.restarts) : "");
	paintUptime(row, view);
	paintFigures(row, view);
	paintButtons(view.buttons, row, busy.has(specOf(row)));
	return view;
}

function paintUptime(row, view) {
	setText(view.uptime, row.pid && row.start ? duration(now() - row.start) : "");
}

function paintFigures(row, view) {
	const [cpu, memory] = row.pid && figures.get(row.id) || [null, null];
	setText(view.cpu, cpu !== null ? cpu.toFixed(1) + " %" : "");
	setText(view.memory, memory !== null ? bytes(memory) : "");
}

/* Several changes of one turn are painted once. */
function plan() {
	if (!planned)
		requestAnimationFrame(() => { planned = false; layout(); });
	planned = true;
}

/* Paints what has changed, and hides what the filter does not show. */
function layout() {
	if (!order)
		arrange();
	else
		for (const id of dirty)
			if (rows.has(id))
				paint(rows.get(id));
	dirty.clear();
	for (const body of table.tBodies)
		layoutGroup(body);
	layoutSummary();
}

function layoutGroup(body) {
	const members = [];
	let none = true;
	for (const tr of body.rows) {
		if (!tr.dataset.id)
			continue;
		const row = rows.get(Number(tr.dataset.id)), hidden = !isShown(row);
		members.push(row);
		none = none && hidden;
		if (tr.hidden !== hidden)
			tr.hidden = hidden;
	}
	if (body.hidden !== none)
		body.hidden = none;
	for (const button of body.querySelectorAll(".group-head button"))
		enable(button, members);
}

/* A button for many can be pressed while it makes sense for one of them. Their number. */
function enable(button, all) {
	const verb = button.value.split(" ")[0], count = all.filter(row => fits(verb, row)).length;
	if (button.disabled !== (count === 0))
		button.disabled = count === 0;
	return count;
}

/* Puts the rows into their groups. Moves only what is not in its place. */
function arrange() {
	const groups = new Map();
	for (const row of sorted())
		(groups.get(row.group) || groups.set(row.group, []).get(row.group)).push(row);
	const bodies = new Map([...table.tBodies].map(body => [body.dataset.group, body]));
	let place = table.tHead;
	for (const [name, members] of groups) {
		const body = bodies.get(name) || element("tbody");
		bodies.delete(name);
		body.dataset.group = name;
		if (place.nextElementSibling !== body)
			place.after(body);
		place = body;
		arrangeGroup(body, name, members);
	}
	for (const body of bodies.values())
		body.remove();
}

/* A lone program of the same name has no head. */
function arrangeGroup(body, name, members) {
	const wanted = members.map(row => paint(row).tr);
	if (members.length > 1 || members[0].name !== name) {
		const head = body.querySelector(".group-head") || makeHead(name);
		setText(head.querySelector(".count"), String(members.length));
		wanted.unshift(head);
	}
	body.classList.toggle("group", wanted.length > members.length);
	wanted.forEach((tr, i) => body.rows[i] !== tr && body.insertBefore(tr, body.rows[i] || null));
	while (body.rows.length > wanted.length)
		body.rows[wanted.length].remove();
}

/* As the server writes it (list.c). */
function makeHead(name) {
	return element("tr", { className: "group-head" },
	    element("th", { scope: "rowgroup", colSpan: 8 }, name + " ", element("span", { className: "count" })),
	    element("td", {}, ...VERBS.map(verb => makeButton(verb, name + ":*", labelOf(verb)))));
}

function layoutSummary() {
	const all = sorted(), shown = all.filter(isShown);
	layoutChips(all);
	const bad = all.filter(isBad);
	troubles = bad.length;
	layoutTrouble(bad);
	table.classList.toggle("bare", shown.length === 0);
	const empty = $("empty");
	if (empty) {
		empty.hidden = shown.length > 0;
		if (all.length > 0)
			empty.replaceChildren(element("strong", {}, "No program matches this filter"),
			    element("a", { href: "." }, "Show all programs"));
	}
	const whole = shown.length === all.length;
	$("bulk").hidden = shown.length === 0;
	if (!$("bulk").hasChildNodes())
		$("bulk").append(...VERBS.map(verb => makeButton(verb, "*")));
	for (const button of $("bulk").querySelectorAll("button")) {
		const verb = button.value.split(" ")[0], count = enable(button, shown);
		setText(button, labelOf(verb) + (verb === "more" ? "" : whole ? " all" : " these " + (count || "")));
	}
	document.title = (troubles ? "(" + troubles + ") " : "") + document.title.replace(/^\(\d+\) /, "");
}

function layoutChips(all) {
	const chip = (state, count) => {
		const a = element("a", { href: filterQuery(state) }, state ? stateWord(state) : "All", " " + count);
		a.dataset.filter = state;
		if (state === filter.state)
			a.setAttribute("aria-current", "true");
		return a;
	};
	const chips = [chip("", all.length)];
	const counts = {};
	for (const row of all)
		counts[row.statename] = (counts[row.statename] || 0) + 1;
	for (const state of ORDER)
		if (counts[state] || filter.state === state)
			chips.push(chip(state, counts[state] || 0));
	const key = chips.map(c => c.outerHTML).join("");
	if (layoutChips.key === key)
		return;
	layoutChips.key = key;
	const focus = document.activeElement && document.activeElement.dataset.filter;
	$("chips").replaceChildren(...chips);
	if (focus !== undefined)
		(chips.find(c => c.dataset.filter === focus) || chips[0]).focus();
}

function layoutTrouble(bad) {
	const key = JSON.stringify(bad.map(row => [specOf(row), row.statename, activity(row)]));
	if (layoutTrouble.key === key)
		return;
	layoutTrouble.key = key;
	if (bad.length === 0)
		return $("trouble").replaceChildren();
	const list = element("ul");
	for (const row of bad.slice(0, 5)) {
		const link = element("a", {}, specOf(row));
		if (may.has("log"))
			link.href = logUrl(specOf(row));
		list.append(element("li", {}, element("span", {}, stateWord(row.statename)), link, element("span", {}, activity(row))));
	}
	if (bad.length > 5)
		list.append(element("li", { className: "more" }, "and " + (bad.length - 5) + " more"));
	$("trouble").replaceChildren(element("h2", {}, bad.length === 1 ?
	    "One program is in trouble" : bad.length + " programs are in trouble"), list);
}

/* ---- what the stream brings ---- */

function put(row) {
	const old = rows.get(row.id);
	rows.set(row.id, row);
	dirty.add(row.id);
	if (!old || old.group !== row.group || old.name !== row.name)
		order = null;
	else if (order)
		order[order.indexOf(old)] = row;
	if (row.now)
		skew = row.now - Date.now() / 1000;
	if (old && old.statename !== row.statename)
		problems.delete(specOf(row));
	if (snapshot)
		snapshot.add(row.id);
}

function drop(id) {
	for (const map of [rows, views, figures])
		map.delete(id);
	order = null;
}

Object.assign(stream.handlers, {
	"snapshot-begin": () => { snapshot = new Set(); },
	"rows": list => list.forEach(put),
	"snapshot-end": () => {
		for (const id of rows.keys())
			if (snapshot && !snapshot.has(id))
				drop(id);
		snapshot = null;
		layout();
		performance.mark("live"); /* everything that the page can do, it can do now */
	},
	"process": row => { put(row); plan(); },
	"removed": ({ id }) => { drop(id); plan(); },
	"stats": stats => {
		for (const [key, values] of Object.entries(stats)) {
			const id = Number(key), row = rows.get(id), view = views.get(id);
			figures.set(id, values);
			if (row && view)
				paintFigures(row, view);
		}
	},
});

setInterval(() => {
	if (document.hidden)
		return;
	for (const view of views.values())
		if (!view.tr.hidden)
			paintUptime(view.row, view);
	if (sorted().filter(isBad).length !== troubles)
		plan();
}, 1000);

/* ---- actions ---- */

/* The text of a fault appears beside the program. */
async function actOn(verb, names, signal) {
	for (const name of names)
		begin(name);
	if (verb === "restart") {
		const failed = await restart(names);
		for (const name of names)
			end(name, failed.get(name));
		return;
	}
	for (const name of names)
		end(name, await act(verb, name, signal));
}

function begin(name) {
	busy.add(name);
	problems.delete(name);
	touch(name);
}

function end(name, problem) {
	if (problem)
		problems.set(name, problem);
	busy.delete(name);
	touch(name);
}

/* A few at a time, because a browser has six connections to a server. */
function actOnMany(verb, names, signal) {
	const shares = verb === "restart" ? 1 : 4;
	for (let i = 0; i < shares; i++)
		actOn(verb, names.filter((name, k) => k % shares === i), signal);
}

function touch(name) {
	const row = sorted().find(r => specOf(r) === name);
	if (row)
		dirty.add(row.id);
	plan();
}

function targets(verb, what) {
	return sorted().filter(row => what === "*" ? isShown(row) :
	    what.endsWith(":*") ? row.group === what.slice(0, -2) : specOf(row) === what)
	    .filter(row => fits(verb, row)).map(specOf);
}

/* Before the stream has brought the rows, the form is sent as without a script. */
$("actions").addEventListener("submit", async event => {
	const [verb, what] = asked(event);
	if (!verb || rows.size === 0)
		return;
	event.preventDefault();
	const names = targets(verb, what);
	if (verb === "more")
		return chooseMore(what);
	if (verb !== "start" && names.length > 1 && !await confirmed(capital(verb), names))
		return;
	actOnMany(verb, names);
});

const namesList = names => element("p", { className: "names" }, names.join(", "));

/* Asks once before many programs are stopped. */
async function confirmed(verb, names) {
	return await openDialog(verb + " " + names.length + " programs?", namesList(names),
	    element("button", { value: "" }, "Cancel"),
	    element("button", { value: "yes", className: "strong danger" }, verb)) === "yes";
}

/* What is rarely done to many. */
async function chooseMore(what) {
	const names = targets("clear", what);
	const signals = element("select", { id: "signal" }, ...SIGNALS.map(name => element("option", {}, name)));
	const verb = await openDialog(names.length + (names.length > 1 ? " programs" : " program"), namesList(names),
	    element("button", { value: "" }, "Cancel"),
	    element("label", { htmlFor: "signal" }, "Signal"), signals,
	    element("button", { value: "signal" }, "Send"), element("button", { value: "clear" }, "Clear logs"));
	if (verb)
		actOnMany(verb, targets(verb, what), signals.value);
}

/* ---- filter, keys ---- */

function applyFilter() {
	history.replaceState(null, "", filterQuery(filter.state));
	layout();
}

$("q").addEventListener("input", () => { filter.text = $("q").value.trim(); applyFilter(); });
$("q").form.addEventListener("submit", event => { event.preventDefault(); applyFilter(); select(1); });
$("chips").addEventListener("click", event => {
	const chip = event.target.closest("a");
	if (!chip || event.ctrlKey || event.metaKey || event.shiftKey)
		return;
	event.preventDefault();
	filter.state = chip.dataset.filter;
	applyFilter();
});
addEventListener("popstate", () => {
	Object.assign(filter, readFilter());
	$("q").value = filter.text;
	layout();
});

const shownRows = () => [...table.querySelectorAll("tbody tr[data-id]:not([hidden])")];

function select(step) {
	const list = shownRows();
	const at = list.findIndex(tr => Number(tr.dataset.id) === selected);
	const tr = list[at < 0 ? step > 0 ? 0 : list.length - 1 :
	    Math.min(Math.max(at + step, 0), list.length - 1)];
	if (!tr)
		return;
	for (const other of table.querySelectorAll(".selected"))
		other.classList.remove("selected");
	selected = Number(tr.dataset.id);
	tr.classList.add("selected");
	tr.querySelector("a").focus({ preventScroll: true });
	tr.scrollIntoView({ block: "nearest" });
}

function follow() {
	const link = table.querySelector("tr.selected th a[href]");
	if (link)
		location.href = link.href;
}

function press(verb) {
	const tr = table.querySelector("tr.selected:not([hidden])");
	const button = tr && tr.querySelector(`button[value^="${verb} "]:not([hidden])`);
	if (button)
		button.click();
}

listenToKeys({
	"/": ["/", "filter by name, group or pid", () => $("q").select()],
	ArrowDown: ["↑ ↓", "select a program", () => select(1)],
	ArrowUp: ["", "", () => select(-1)],
	j: ["", "", () => select(1)],
	k: ["", "", () => select(-1)],
	Enter: ["Enter", "show its log", () => follow()],
	s: ["s", "start it", () => press("start")],
	x: ["x", "stop it", () => press("stop")],
	r: ["r", "restart it", () => press("restart")],
	Escape: ["Esc", "clear the filter", () => {
		filter.text = filter.state = $("q").value = "";
		applyFilter();
	}],
}, $("q"));

stream.open();
