/* What the scripts of all pages share: words, the stream of events, calls, actions, dialogs and
 * keys. The server writes pages that work without scripts; with them they are live: /events
 * streams states, figures and logs, and POST /RPC2 carries every action. Names, logs and errors
 * are written as text, never as HTML. */
"use strict";

const $ = id => document.getElementById(id);
/* fetch refuses the password that the URL of the page may have. */
const urlOf = path => new URL(path, location.origin + location.pathname);
const may = new Set(document.body.dataset.may.split(" "));

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
const capital = word => word[0].toUpperCase() + word.slice(1);
const isStopped = row => ["STOPPED", "EXITED", "FATAL", "UNKNOWN"].includes(row.statename);
const isUp = row => ["STARTING", "RUNNING", "BACKOFF"].includes(row.statename);

function setState(node, name) {
	if (node.textContent !== name)
		node.dataset.state = node.textContent = name;
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

/* ---- stream ---- */

/* The bar below the head of the page: that there is no connection, or other rights. */
function tell(text, reload) {
	const bar = $("notice");
	bar.hidden = !text;
	if (bar.dataset.text !== text)
		bar.replaceChildren(bar.dataset.text = text,
		    ...reload ? [" ", element("a", { href: location.href }, "Reload the page")] : []);
}

/* The one stream of the page. It is closed while the page is hidden, and resumes with its number.
 * fetch reads it, because EventSource does not say why it is refused. */
const stream = {
	abort: null, last: "", wait: 1000, timer: 0, handlers: {}, heard: Date.now(),

	async open() {
		clearTimeout(this.timer);
		if (this.abort || document.hidden)
			return;
		const mine = this.abort = new AbortController();
		const query = new URLSearchParams(this.query ? this.query() : {});
		if (this.last)
			query.set("last", this.last);
		let status = 0;
		this.heard = Date.now();
		try {
			const response = await fetch(urlOf("events?" + query), { signal: mine.signal, cache: "no-store" });
			status = response.status;
			if (response.ok)
				await this.read(response);
		} catch { /* what ends a stream makes no difference */ }
		if (this.abort === mine)
			this.broken(status);
	},

	close() {
		clearTimeout(this.timer);
		if (this.abort)
			this.abort.abort();
		this.abort = null;
	},

	async read(response) {
		const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
		const changed = (response.headers.get("Reeve-May") || "") !== document.body.dataset.may;
		document.documentElement.classList.remove("is-offline");
		tell(changed ? "Your rights have changed since this page was opened." : "", changed);
		this.wait = 1000;
		let text = "";
		for (let part; !(part = await reader.read()).done;) {
			const events = (text + part.value).split("\n\n");
			text = events.pop();
			this.heard = Date.now();
			events.forEach(event => this.take(event));
		}
	},

	take(event) {
		const fields = {};
		for (const line of event.split("\n")) {
			const at = line.indexOf(": ");
			fields[line.slice(0, at)] = line.slice(at + 2);
		}
		if (fields.id)
			this.last = fields.id;
		if (this.handlers[fields.event])
			this.handlers[fields.event](JSON.parse(fields.data));
	},

	/* A page that may not be shown any more waits for its user. */
	broken(status) {
		const refused = status === 401 || status === 403;
		const since = "This page shows what was known at " + new Date(this.heard).toLocaleTimeString() + ". ";
		this.close();
		document.documentElement.classList.add("is-offline");
		tell(refused ? "You may not see this any more, or must sign in again. " + since :
		    status === 503 ? "Too many pages are open. " + since + "Trying again …" :
			"No connection to the daemon. " + since + "Connecting again …", refused);
		if (refused)
			return;
		this.timer = setTimeout(() => this.open(), this.wait);
		this.wait = Math.min(this.wait * 2, 15000);
	},
};

/* An idle stream has a comment every 20 seconds: one that is silent has lost its network. */
setInterval(() => {
	if (stream.abort && Date.now() - stream.heard > 45000)
		stream.abort.abort();
}, 5000);

document.addEventListener("visibilitychange", () => document.hidden ? stream.close() : stream.open());
addEventListener("pagehide", () => stream.close());
addEventListener("pageshow", event => event.persisted && stream.open());

stream.handlers.daemon = daemon => setState(document.querySelector("[data-daemon]"), daemon.statename);

/* ---- calls ---- */

let lastId = 0;

/* Calls a method. Resolves to {result} or {error}. */
async function call(method, ...params) {
	try {
		const response = await fetch(urlOf("RPC2"), {
			method: "POST", headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ jsonrpc: "2.0", method, params, id: ++lastId }),
		});
		if (response.headers.get("Content-Type") !== "application/json")
			throw new Error(response.status + " " + response.statusText);
		return await response.json();
	} catch (error) {
		return { error: { message: "Not done: " + error.message } };
	}
}

/* ---- actions ---- */

/* Whether an action makes sense for a program. */
const fits = (verb, row) => verb === "start" ? isStopped(row) : verb === "signal" ? !isStopped(row) :
    verb === "stop" || verb === "restart" ? isUp(row) : true;

const METHODS = { start: "supervisor.startProcess", stop: "supervisor.stopProcess",
	signal: "supervisor.signalProcess", clear: "supervisor.clearProcessLogs" };

/* Acts on one program. Resolves to why it failed, or "". */
async function act(verb, name, signal) {
	if (verb === "restart")
		return (await restart([name])).get(name) || "";
	const more = { start: [false], stop: [false], signal: [signal], clear: [] }[verb];
	const { error } = await call(METHODS[verb], name, ...more);
	return error ? error.message : "";
}

/* One call for all, which goes on when the page is closed. Resolves to why programs failed, by
 * their names. */
async function restart(names) {
	const { error, result } = await call("reeve.restartProcesses", names);
	return new Map(error ? names.map(name => [name, error.message]) :
	    result.filter(r => r.status !== 80).map(r => [specOf(r), r.description]));
}

/* The action and the target of a form's button. */
const asked = event => (/^(\S+) (.*)$/s.exec(event.submitter ? event.submitter.value : "") || []).slice(1);

function makeButton(verb, target, label = capital(verb)) {
	const button = element("button", { name: "action", value: verb + " " + target }, label);
	if (target !== "*")
		button.setAttribute("aria-label", label + " " + target);
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
		place.replaceChildren(...verbs.map(verb => makeButton(verb, name)));
		if (focused && place.firstChild)
			place.firstChild.focus();
	}
	for (const button of place.children)
		if (button.disabled !== busy)
			button.disabled = busy;
}

/* ---- dialogs and keys ---- */

/* Resolves to the value of the button that was pressed, or "". */
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
