/* The script of the pages. The server writes pages that work without it; with it they are
 * live: /events streams states, figures and logs, and POST /RPC2 carries every action.
 * Names, logs and errors are written as text, never as HTML. */
"use strict";

const $ = id => document.getElementById(id);
const may = new Set(document.body.dataset.may.split(" "));
const STOPPED = ["STOPPED", "EXITED", "FATAL", "UNKNOWN"];
const ORDER = ["FATAL", "BACKOFF", "UNKNOWN", "EXITED", "STARTING", "STOPPING", "RUNNING", "STOPPED"];

function element(tag, properties, ...children) {
	const e = Object.assign(document.createElement(tag), properties);
	e.append(...children);
	return e;
}

/* Writes only what differs, so that nothing flickers and selections survive. */
function setText(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

/* ---- words ---- */

const specOf = row => row.group === row.name ? row.name : row.group + ":" + row.name;
const logUrl = spec => "tail.html?processname=" + encodeURIComponent(spec);

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

const isStopped = row => STOPPED.includes(row.statename);
const isUp = row => ["STARTING", "RUNNING", "BACKOFF"].includes(row.statename);

/* Seconds by which the daemon's clock is ahead. */
let skew = 0;
const now = () => Date.now() / 1000 + skew;

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

/* What a program is doing, in the words of its description; pid and uptime have columns. */
function activity(row) {
	const reason = row.last_exit && row.last_exit.reason;
	const words = [];
	if (row.waiting_for)
		words.push("waiting for " + row.waiting_for);
	if (row.statename !== "RUNNING") {
		words.push(row.description);
		if (reason && ["EXITED", "BACKOFF", "FATAL"].includes(row.statename))
			words.push(reason);
	} else {
		if (row.health && row.health !== "none" && row.health !== "healthy")
			words.push(row.health);
		else if (row.ready === false)
			words.push("not ready");
	}
	if (row.restarts && reason && ["RUNNING", "STARTING"].includes(row.statename))
		words.push("last exit: " + reason);
	if (row.paused)
		words.push("automatic starts are paused");
	return words.filter(Boolean).join(", ");
}

/* ---- JSON-RPC ---- */

let lastId = 0;

/* Calls [method, ...params] of one request; their replies in the same order. */
async function rpc(calls) {
	const body = calls.map(([method, ...params]) => ({ jsonrpc: "2.0", method, params, id: ++lastId }));
	const response = await fetch("RPC2", {
		method: "POST", headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body.length === 1 ? body[0] : body),
	});
	if (!response.ok && response.headers.get("Content-Type") !== "application/json")
		throw new Error(response.status + " " + response.statusText);
	const answer = [].concat(await response.json());
	const byId = new Map(answer.map(a => [a.id, a]));
	return body.map(b => byId.get(b.id) || answer[0]);
}

/* ---- stream ---- */

/* One stream for a page. It is closed while the page is hidden, and resumes with its number. */
const stream = {
	source: null, last: "", wait: 1000, timer: 0, handlers: {}, seen: Date.now(),

	open() {
		clearTimeout(this.timer);
		if (this.source || document.hidden)
			return;
		const query = new URLSearchParams(this.query ? this.query() : {});
		if (this.last)
			query.set("last", this.last);
		this.source = new EventSource("events" + (query.size ? "?" + query : ""));
		this.source.onopen = () => { this.wait = 1000; this.online(true); };
		this.source.onerror = () => this.broken();
		for (const name of Object.keys(this.handlers))
			this.source.addEventListener(name, event => {
				if (event.lastEventId)
					this.last = event.lastEventId;
				this.seen = Date.now();
				this.handlers[name](event.data ? JSON.parse(event.data) : null);
			});
	},

	close() {
		clearTimeout(this.timer);
		if (this.source)
			this.source.close();
		this.source = null;
	},

	broken() {
		this.online(false);
		this.close();
		this.timer = setTimeout(() => this.open(), this.wait);
		this.wait = Math.min(this.wait * 2, 15000);
	},

	online(yes) {
		document.documentElement.classList.toggle("is-offline", !yes);
		$("offline").hidden = yes;
		if (!yes)
			setText($("offline"), "No connection to the daemon. This page shows what was known at " +
			    new Date(this.seen).toLocaleTimeString() + ". Connecting again …");
	},
};

document.addEventListener("visibilitychange", () => document.hidden ? stream.close() : stream.open());
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", event => event.persisted && stream.open());

stream.handlers.daemon = daemon => {
	const state = document.querySelector("[data-daemon=statename]");
	setText(state, daemon.statename);
	state.dataset.state = daemon.statename;
};

/* ---- actions ---- */

/* Whether an action makes sense for a program. */
const fits = (verb, row) => verb === "start" ? isStopped(row) : isUp(row);

const capital = word => word[0].toUpperCase() + word.slice(1);

function makeButton(verb, name, label) {
	const button = element("button", { name: "action", value: verb + " " + name }, capital(verb));
	button.setAttribute("aria-label", button.textContent + " " + label);
	return button;
}

/* Shows the buttons that the user may press and that make sense for the program: those of the
 * server, until others are needed. The focus stays in the place. */
function paintButtons(place, row, busy) {
	const name = specOf(row);
	const verbs = ["start", "restart", "stop"].filter(verb => may.has(verb) && fits(verb, row));
	const values = verbs.map(verb => verb + " " + name), old = [...place.children];
	if (old.length !== values.length || old.some((button, i) => button.value !== values[i])) {
		const focused = old.includes(document.activeElement);
		place.replaceChildren(...verbs.map(verb => makeButton(verb, name, name)));
		if (focused && place.firstChild)
			place.firstChild.focus();
	}
	for (const button of place.children)
		if (button.disabled !== busy)
			button.disabled = busy;
}

const METHODS = { start: "supervisor.startProcess", stop: "supervisor.stopProcess",
	signal: "supervisor.signalProcess", clear: "supervisor.clearProcessLogs" };

/* Acts on one program. Resolves to why it failed, or "". */
async function act(verb, name, ...more) {
	if (verb === "restart")
		return (await restart([name])).get(name) || "";
	try {
		const [answer] = await rpc([[METHODS[verb], name,
			...verb === "start" || verb === "stop" ? [false] : more]]);
		return answer.error ? answer.error.message : "";
	} catch (error) {
		return "Not done: " + error.message;
	}
}

/* One call for all, which goes on when the page is closed. Resolves to why programs failed, by
 * their names. */
async function restart(names) {
	let why;
	try {
		const [answer] = await rpc([["reeve.restartProcesses", names]]);
		if (!answer.error)
			return new Map(answer.result.filter(r => r.status !== 80).map(r => [specOf(r), r.description]));
		why = answer.error.message;
	} catch (error) {
		why = "Not done: " + error.message;
	}
	return new Map(names.map(name => [name, why]));
}

/* The action and the target of a form's button. */
const asked = event => (/^(\S+) (.*)$/s.exec(event.submitter ? event.submitter.value : "") || []).slice(1);

/* ---- dialogs ---- */

function openDialog(title, content, ...buttons) {
	const heading = element("h2", { id: "dialog-title" }, title);
	const form = element("form", { method: "dialog" }, heading, content,
	    element("p", { className: "buttons" }, ...buttons));
	const dialog = element("dialog", {}, form);
	dialog.setAttribute("aria-labelledby", heading.id);
	document.body.append(dialog);
	dialog.showModal();
	return new Promise(resolve => dialog.addEventListener("close", () => {
		dialog.remove();
		resolve(dialog.returnValue);
	}));
}

/* Asks once before many programs are stopped. */
async function confirmed(verb, names) {
	const list = element("p", { className: "names" }, names.join(", "));
	return await openDialog(verb + " " + names.length + " programs?", list,
	    element("button", { value: "" }, "Cancel"),
	    element("button", { value: "yes", className: "strong danger" }, verb)) === "yes";
}

/* Keys of a page: {key: [its name or "" = not listed, what it does, function]}. */
function listenToKeys(keys, field) {
	const help = () => {
		const list = element("dl");
		for (const [name, text] of Object.values(keys))
			if (name)
				list.append(element("dt", {}, ...name.split(" ").map(n => element("kbd", {}, n))),
				    element("dd", {}, text));
		openDialog("Keys", list, element("button", { className: "strong" }, "Close"));
	};
	keys["?"] = ["?", "show this list", help];
	$("tools").append(element("button", { type: "button", id: "keys", onclick: help }, "Keys"));
	addEventListener("keydown", event => {
		const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
		const leaves = event.target === field && ["Escape", "ArrowDown"].includes(event.key);
		if (!keys[event.key] || event.ctrlKey || event.altKey || event.metaKey ||
		    typing && !leaves || document.querySelector("dialog[open]"))
			return;
		event.preventDefault();
		event.target.blur();
		keys[event.key][2]();
	});
}

for (const e of document.querySelectorAll(".without-script"))
	e.hidden = true;

/* ---- the list of programs ---- */

function listPage() {
	const rows = new Map();   /* by id: what the stream says */
	const views = new Map();  /* by id: {tr, cells} */
	const figures = new Map(); /* by id: CPU, memory, descriptors */
	const problems = new Map(); /* by name: the text of a fault */
	const busy = new Set();   /* names whose action is under way */
	const dirty = new Set();  /* ids of rows that have changed since the last layout */
	let order = null;         /* the rows in their order, null: it has changed */
	let snapshot = null, selected = 0, planned = false, troubles = 0;
	const table = document.querySelector("table");
	const filter = readFilter();

	function readFilter() {
		const query = new URLSearchParams(location.search);
		return { text: query.get("q") || "", state: query.get("state") || "" };
	}

	function writeFilter() {
		const query = new URLSearchParams();
		if (filter.text)
			query.set("q", filter.text);
		if (filter.state)
			query.set("state", filter.state);
		history.replaceState(null, "", query.size ? "?" + query : location.pathname);
	}

	function isShown(row) {
		const text = filter.text.toLowerCase();
		return (!filter.state || row.statename === filter.state) &&
		    (!text || specOf(row).toLowerCase().includes(text) ||
			row.group.toLowerCase().includes(text) || String(row.pid) === text);
	}

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
		if (view.state.textContent !== row.statename)
			view.state.dataset.state = view.state.textContent = row.statename;
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
		for (const body of table.tBodies) {
			let count = 0;
			for (const tr of body.rows) {
				if (!tr.dataset.id)
					continue;
				const hidden = !isShown(rows.get(Number(tr.dataset.id)));
				count += !hidden;
				if (tr.hidden !== hidden)
					tr.hidden = hidden;
			}
			if (body.hidden !== (count === 0))
				body.hidden = count === 0;
		}
		layoutSummary();
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
		const buttons = ["start", "restart", "stop"].filter(verb => may.has(verb))
		    .map(verb => makeButton(verb, name + ":*", name + ":*"));
		return element("tr", { className: "group-head" },
		    element("th", { scope: "rowgroup", colSpan: 8 }, name + " ", element("span", { className: "count" })),
		    element("td", {}, ...buttons));
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
			$("bulk").append(...["start", "restart", "stop"].filter(verb => may.has(verb))
			    .map(verb => element("button", { name: "action", value: verb + " *" })));
		for (const button of $("bulk").querySelectorAll("button")) {
			const verb = button.value.split(" ")[0];
			const count = shown.filter(row => fits(verb, row)).length;
			setText(button, capital(verb) + (whole ? " all" : " these " + count));
			button.disabled = count === 0;
		}
		document.title = (troubles ? "(" + troubles + ") " : "") + document.title.replace(/^\(\d+\) /, "");
	}

	function layoutChips(all) {
		const chip = (state, count) => {
			const query = new URLSearchParams();
			if (filter.text)
				query.set("q", filter.text);
			if (state)
				query.set("state", state);
			const word = state ? element("span", { className: "state" }, state) : "All";
			if (state)
				word.dataset.state = state;
			const a = element("a", { href: "?" + query }, word, " " + count);
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
			const word = element("span", { className: "state" }, row.statename);
			const link = element("a", {}, specOf(row));
			word.dataset.state = row.statename;
			if (may.has("log"))
				link.href = logUrl(specOf(row));
			list.append(element("li", {}, element("span", {}, word), link, element("span", {}, activity(row))));
		}
		if (bad.length > 5)
			list.append(element("li", { className: "more" }, "and " + (bad.length - 5) + " more"));
		$("trouble").replaceChildren(element("h2", {}, bad.length === 1 ?
		    "One program is in trouble" : bad.length + " programs are in trouble"), list);
	}

	/* -- what the stream brings -- */

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
			plan();
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

	/* -- actions -- */

	/* The text of a fault appears beside the program. */
	async function actOn(verb, names) {
		for (const name of names)
			begin(name);
		if (verb === "restart") {
			const failed = await restart(names);
			for (const name of names)
				end(name, failed.get(name));
			return;
		}
		for (const name of names)
			end(name, await act(verb, name));
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
	function actOnMany(verb, names) {
		if (verb === "restart")
			return actOn(verb, names);
		const share = Array.from({ length: 4 }, (_, i) => names.filter((name, k) => k % 4 === i));
		return Promise.all(share.map(part => actOn(verb, part)));
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
		if (verb !== "start" && names.length > 1 && !await confirmed(capital(verb), names))
			return;
		actOnMany(verb, names);
	});

	/* -- filter, keys -- */

	function applyFilter() {
		writeFilter();
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
}

/* ---- colours of terminals ---- */

/* Reads text with escape sequences piece by piece: colours become classes, other sequences
 * are dropped, other control characters are shown as ^A. */
class Terminal {
	constructor() {
		this.style = { flags: new Set(), front: "", back: "" };
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

/* ---- a log ---- */

function logPage() {
	const PAGE = 64 * 1024;      /* bytes of a page back in time */
	const KEPT = 512 * 1024;     /* characters that are kept while the end is followed */
	const WAITING = 1024 * 1024; /* characters that wait while it is not */
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
			lines.append(block);
			drawn += cut;
		}
		carry = all.slice(cut);
		if (carry) {
			rest = element("div", {}, Object.assign(new Terminal(), { style: structuredStyle() }).draw(carry));
			lines.append(rest);
		}
	}

	const structuredStyle = () => ({ ...terminal.style, flags: new Set(terminal.style.flags) });

	function trim() {
		while (drawn > KEPT && lines.childNodes.length > 2) {
			const first = lines.firstChild;
			drawn -= first.length || 0;
			start += size(first.textContent) + 1;
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
		setText(word, known.statename);
		word.dataset.state = known.statename;
		setText(words, [problem, activity(known)].filter(Boolean).join(" — "));
		paintButtons(place, known, busy);
		if (signal)
			signal.disabled = busy || isStopped(known);
	}

	actions.addEventListener("submit", async event => {
		const [verb, name] = asked(event);
		if (!verb || !known)
			return;
		event.preventDefault();
		busy = true;
		problem = "";
		paint();
		problem = await act(verb, name, ...verb === "signal" ? [$("signal").value] : []);
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

	/* -- back in time -- */

	async function earlier() {
		if (loading || start === 0)
			return;
		loading = true;
		follow(false);
		const from = Math.max(0, start - PAGE);
		const method = main ? ["supervisor.readLog"] :
		    [channel === "stderr" ? "supervisor.readProcessStderrLog" : "supervisor.readProcessStdoutLog", spec];
		try {
			const [answer] = await rpc([[...method, from, start - from]]);
			if (answer.error)
				throw new Error(answer.error.message);
			let text = answer.result + head;
			head = from > 0 ? text.slice(0, text.indexOf("\n") + 1) : "";
			text = text.slice(head.length).replace(/\n$/, "");
			const before = screen.scrollHeight - screen.scrollTop;
			lines.prepend(element("div", {}, new Terminal().draw(text)));
			start = from;
			screen.scrollTop = screen.scrollHeight - before;
		} catch (error) {
			lines.prepend(element("div", { className: "note" }, "Cannot read earlier lines: " + error.message));
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

	/* -- find -- */

	const MATCHES = 5000;
	let ranges = [], current = -1;

	function find() {
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
		if (globalThis.Highlight)
			CSS.highlights.set("found", new Highlight(...ranges));
		if (!wanted && globalThis.Highlight)
			CSS.highlights.clear();
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

	$("find").addEventListener("input", find);
	$("find").addEventListener("keydown", event => {
		if (event.key === "Enter")
			step(event.shiftKey ? -1 : 1);
		else if (event.key === "Escape")
			screen.focus();
	});
	$("find-next").addEventListener("click", () => step(1));
	$("find-previous").addEventListener("click", () => step(-1));

	/* -- wrap, keys -- */

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
}

if (document.body.classList.contains("list"))
	listPage();
else if (document.body.classList.contains("log"))
	logPage();
