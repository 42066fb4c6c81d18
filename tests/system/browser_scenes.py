"""The pages in a real browser. Each scene leaves a screenshot in build/screens. Not part of the
system suite: tests/run browser runs it, as part of check-long; it takes the packages of `make
long-deps`."""

import os
import signal
import unittest

import webdriver
from reeve import Case, cat, program, until

TROUBLE = program("broken", "/nonexistent/x", startretries=0) + \
    program("crash", "{child} exit 3", autostart="false", startsecs=0, autorestart="true")
PROGRAMS = cat("cat") + cat("idle", autostart="false") + TROUBLE + \
    cat("web", process_name="%(program_name)s_%(process_num)d", numprocs=3)

# Texts and controls whose contrast with what is behind them is too low (WCAG AA: 4.5, and 3 for
# large texts), controls without a name, ids that are not unique, labels of nothing, an order of
# the keyboard that is not that of the page, headings out of order.
ACCESSIBLE = """
const found = [];
const rgb = text => {
    const n = text.match(/[\\d.]+/g).map(Number);
    return n.length > 3 ? n : [...n, 1];
};
const light = c => {
    const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = e => {
    for (; e; e = e.parentElement) {
        const c = rgb(getComputedStyle(e).backgroundColor);
        if (c[3] === 1)
            return c;
    }
    return [255, 255, 255, 1];
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walker.nextNode());) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.data.trim() || !e.checkVisibility() || /SCRIPT|STYLE/.test(e.tagName) ||
        e.closest(".unseen") || e.disabled)
        continue;
    const a = light(rgb(style.color)), b = light(behind(e));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    if (contrast < (large ? 3 : 4.5))
        found.push("contrast " + contrast.toFixed(2) + ": " + node.data.trim().slice(0, 40));
}
for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select")) {
    const name = e.innerText || e.getAttribute("aria-label") || e.title ||
        e.labels && e.labels.length && e.labels[0].textContent;
    if (e.checkVisibility() && !(name || "").trim())
        found.push("no name: " + e.outerHTML.slice(0, 80));
}
const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
found.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map(id => "id twice: " + id));
for (const e of document.querySelectorAll("[tabindex]"))
    if (e.tabIndex > 0)
        found.push("an order of its own: " + e.outerHTML.slice(0, 80));
for (const e of document.querySelectorAll("[aria-labelledby], label[for]"))
    if (!document.getElementById(e.htmlFor || e.getAttribute("aria-labelledby")))
        found.push("nothing is labelled: " + e.outerHTML.slice(0, 80));
let level = 0;
for (const e of document.querySelectorAll("h1, h2, h3")) {
    if (e.tagName[1] - level > 1)
        found.push("heading: " + e.innerText);
    level = Number(e.tagName[1]);
}
if (document.documentElement.lang !== "en" || !document.title)
    found.push("no language or title");
return found;
"""


def row(name):
    return 'tr[data-name="%s"]' % name


@unittest.skipUnless(webdriver.DRIVER, "no chromedriver")
class Scene(Case):
    programs = PROGRAMS
    options = {}

    def setUp(self):
        self.d = self.daemon(self.programs, **self.options)
        self.url = "http://127.0.0.1:%d/" % self.d.port

    def browser(self, path="", **options):
        browser = webdriver.Browser(**options)
        self.addCleanup(browser.close)
        browser.open(self.url + path)
        return browser

    def live(self, path="", **options):
        """A browser whose page has the snapshot."""
        browser = webdriver.Browser(**options)
        self.addCleanup(browser.close)
        browser.live(self.url + path)
        return browser

    def assertAccessible(self, browser):
        self.assertEqual([], browser.run(ACCESSIBLE))
        self.assertEqual([], browser.errors())

    def assertFits(self, browser):
        width, window = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(width, window)


class List(Scene):
    def test_states_change(self):
        b = self.live()
        server = self.rpc(self.d).supervisor
        b.wait_text("#trouble", "can't find command '/nonexistent/x'")
        self.assertIn("STOPPED", b.text(row("idle")))
        server.startProcess("idle")
        b.wait_text(row("idle"), "RUNNING")
        server.stopProcess("idle")
        b.wait_text(row("idle"), "STOPPED")
        server.startProcess("crash", False)
        b.wait_text("#trouble", "crash")
        b.wait_text(row("crash"), "exit status 3")
        self.assertAccessible(b)
        b.screenshot("list-light")

    def test_figures_and_uptime(self):
        b = self.live()
        until(lambda: "MB" in b.text(row("cat")), what="the memory")
        first = b.text(row("cat") + " td:nth-child(5)")
        until(lambda: b.text(row("cat") + " td:nth-child(5)") != first, what="a second")

    def test_actions(self):
        b = self.live()
        b.click(row("idle") + ' button[value^="start"]')
        b.wait_text(row("idle"), "RUNNING")
        pid = self.d.info("cat")["pid"]
        b.click(row("cat") + ' button[value^="restart"]')
        until(lambda: self.d.info("cat")["pid"] not in (0, pid))
        b.click(row("idle") + ' button[value^="stop"]')
        b.wait_text(row("idle"), "STOPPED")
        b.click(row("broken") + ' button[value^="start"]')
        b.wait_text(row("broken") + " .problem", "NO_FILE")
        b.screenshot("list-fault")
        b.click('button[value="stop web:*"]')
        b.wait_text("dialog", "Stop 3 programs?")
        b.screenshot("list-confirm")
        b.click("dialog button:not(.strong)")
        self.assertEqual("RUNNING", self.d.state("web:web_0"))
        b.click('button[value="stop web:*"]')
        b.click("dialog .strong")
        for n in range(3):
            b.wait_text(row("web:web_%d" % n), "STOPPED")
        self.assertEqual("RUNNING", self.d.state("cat"))
        self.assertEqual(0, b.count('button[value="stop web:*"]:enabled'))
        b.click('button[value="start web:*"]')
        for n in range(3):
            b.wait_text(row("web:web_%d" % n), "RUNNING")

    def pids(self, *names):
        return [self.d.info(name)["pid"] for name in names]

    def test_all_that_are_shown(self):
        b = self.live("?q=web")
        before = self.pids("web:web_0", "web:web_1", "cat")
        b.click('button[value="restart *"]')
        b.wait_text("dialog", "Restart 3 programs?")
        b.click("dialog .strong")
        until(lambda: all(new not in (0, old) for new, old in
                          zip(self.pids("web:web_0", "web:web_1"), before)))
        b.click('button[value="stop *"]')
        b.click("dialog .strong")
        for n in range(3):
            b.wait_text(row("web:web_%d" % n), "STOPPED")
        b.click('button[value="start *"]')
        for n in range(3):
            b.wait_text(row("web:web_%d" % n), "RUNNING")
        self.assertEqual(before[2:], self.pids("cat"))

    def test_signal_and_clear_many(self):
        b = self.live()
        logs = [self.d.info(name)["stdout_logfile"] for name in ("web:web_0", "cat")]
        for log in logs:
            with open(log, "w", encoding="utf-8") as f:
                f.write("text\n")
        b.click('button[value="more web:*"]')
        b.wait_text("dialog", "3 programs")
        self.assertAccessible(b)
        b.screenshot("list-more")
        b.click('dialog button[value="clear"]')
        until(lambda: os.path.getsize(logs[0]) == 0)
        self.assertEqual(5, os.path.getsize(logs[1]))
        before = self.pids("web:web_0", "web:web_1", "cat")
        b.click('button[value="more web:*"]')
        b.run("document.getElementById('signal').value = 'TERM'")
        b.click('dialog button[value="signal"]')
        until(lambda: all(new not in (0, old) for new, old in
                          zip(self.pids("web:web_0", "web:web_1"), before)))
        self.assertEqual(before[2:], self.pids("cat"))

    def test_filter(self):
        b = self.live()
        b.type("/", "WEB_1")
        until(lambda: b.count("tr[data-name]") == 1)
        self.assertTrue(b.run("return location.search") == "?q=WEB_1")
        self.assertIn("Stop these 1", b.text("#bulk"))
        b.command("POST", "/refresh")
        until(lambda: b.count("tr[data-name]") == 1, what="the filter of the URL")
        b.type("Escape")
        until(lambda: b.count("tr[data-name]") == 7)
        b.click('#chips a[data-filter="STOPPED"]')
        until(lambda: b.count("tr[data-name]") == 2)
        b.screenshot("list-filter")
        b.open(self.url + "?q=nothing&state=RUNNING")
        until(lambda: b.count("#empty"))
        b.wait_text("#empty", "No program matches")
        b.screenshot("list-no-match")

    def test_keys(self):
        b = self.live()
        b.type("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown")
        self.assertEqual(1, b.count("tr.selected"))
        name = b.run("return document.querySelector('tr.selected').dataset.name")
        self.assertEqual("cat", name)
        self.assertTrue(b.run("return document.activeElement.closest('tr').dataset.name")
                        == "cat")
        b.type("x")
        b.wait_text(row("cat"), "STOPPED")
        until(lambda: b.count(row("cat") + " button:enabled"))
        b.type("s")
        b.wait_text(row("cat"), "RUNNING")
        b.type("?")
        b.wait_text("dialog", "restart it")
        b.screenshot("list-keys")
        b.type("Escape", "Enter")
        until(lambda: "tail.html?processname=cat" in b.run("return location.href"))

    def test_order_of_the_keyboard(self):
        """That of the page; and one sees where it is."""
        b = self.live()
        b.run("document.activeElement.blur()")
        wanted = b.run("return [...document.querySelectorAll('a[href], button, input, select')]"
                       ".filter(e => e.checkVisibility() && !e.disabled && e.type !== 'hidden')"
                       ".map(e => e.getAttribute('aria-label') || e.innerText || e.id)")
        found = []
        for _ in wanted:
            b.type("Tab")
            name, outline = b.run(
                "const e = document.activeElement; return [e.getAttribute('aria-label') ||"
                "e.innerText || e.id, getComputedStyle(e).outlineStyle]")
            found.append(name)
            self.assertEqual("solid", outline, name)
        self.assertEqual(wanted, found)
        b.screenshot("list-focus")

    def test_added_and_removed(self):
        b = self.live()
        server = self.rpc(self.d).supervisor
        server.stopProcess("cat")
        server.removeProcessGroup("cat")
        until(lambda: not b.count(row("cat")))
        server.addProcessGroup("cat")
        until(lambda: b.count(row("cat")))

    def test_no_connection(self):
        b = self.live()
        self.assertEqual(0, b.count("#notice"))
        self.d.stop()
        until(lambda: b.count("#notice"))
        b.wait_text("#notice", "No connection to the daemon")
        b.screenshot("list-offline")
        self.d.start()
        until(lambda: not b.count("#notice"), what="the page to connect again")
        b.wait_text(row("cat"), "RUNNING")

    def test_dark(self):
        b = self.live(dark=True)
        self.assertAccessible(b)
        b.screenshot("list-dark")

    def test_phone(self):
        b = self.live(size=(390, 844))
        self.assertFits(b)
        self.assertAccessible(b)
        b.screenshot("list-phone")
        b.open(self.url + "tail.html?processname=cat")
        until(lambda: b.count("#find"))
        self.assertFits(b)
        b.screenshot("log-phone")

    def test_widths(self):
        b = self.live()
        for path in ("", "tail.html?processname=cat"):
            b.open(self.url + path)
            until(lambda: b.count("#keys, #find"))
            for width in (320, 600, 800, 1020, 1030, 1100, 2000):
                b.resize(width, 800)
                self.assertFits(b)
            b.resize(1030, 800)
            b.screenshot("log-narrow" if path else "list-narrow")

    def test_ten_tabs(self):
        b = self.live()
        tabs = [b.command("GET", "/window")]
        for _ in range(9):
            tabs.append(b.command("POST", "/window/new", type="tab")["handle"])
            b.command("POST", "/window", handle=tabs[-1])
            b.open(self.url)
            until(lambda: b.count(row("cat")))
        self.rpc(self.d).supervisor.stopProcess("cat")
        for tab in reversed(tabs):
            b.command("POST", "/window", handle=tab)
            b.wait_text(row("cat"), "STOPPED")

    def test_resynchronises(self):
        """A page that was hidden, or whose browser slept, while processes changed."""
        b = self.live()
        server = self.rpc(self.d).supervisor
        hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});" \
            "document.dispatchEvent(new Event('visibilitychange'))"
        b.run(hide % "true")
        self.assertIsNone(b.run("return stream.abort"))
        server.stopProcess("cat")
        server.removeProcessGroup("cat")
        server.startProcess("idle")
        self.assertIn("STOPPED", b.text(row("idle")))
        b.run(hide % "false")
        b.wait_text(row("idle"), "RUNNING")
        until(lambda: not b.count(row("cat")))

    def test_browser_sleeps(self):
        """Its processes are stopped while programs and the front end change."""
        b = self.live()
        server = self.rpc(self.d).supervisor
        b.suspend()
        try:
            server.stopProcess("cat")
            server.removeProcessGroup("cat")
            old = self.d.front_end()
            os.kill(old, signal.SIGKILL)
            until(lambda: self.d.front_end() not in (None, old))
            until(self.d.serving)
            self.rpc(self.d).supervisor.startProcess("idle")
        finally:
            b.resume()
        b.wait_text(row("idle"), "RUNNING")
        until(lambda: not b.count(row("cat")))
        self.assertEqual(0, b.count("#notice"))

    def test_too_many_pages(self):
        b = self.live()
        b.run("const real = fetch; window.fetch = (url, ...more) => String(url).includes('events')"
              "? Promise.resolve(new Response('', {status: 503})) : real(url, ...more)")
        os.kill(self.d.front_end(), signal.SIGKILL)
        b.wait_text("#notice", "Too many pages are open")

    def test_print(self):
        b = self.live()
        b.devtools("Emulation.setEmulatedMedia", media="print")
        b.resize(718, 1000)  # A4 with the margins of the browser
        self.assertEqual(0, b.count("button"))
        self.assertEqual(2, b.count("thead, #trouble h2"))
        self.assertFits(b)
        b.screenshot("list-print")

    def test_without_script(self):
        b = self.browser(script=False)
        b.screenshot("list-without-script")
        b.click('button[value="stop cat"]')
        until(lambda: self.d.state("cat") == "STOPPED")
        b.click('button[value="stop web:*"]')
        b.screenshot("confirm-without-script")
        b.click('button[value="stop"]')
        until(lambda: self.d.state("web:web_2") == "STOPPED")
        b.click('button[value="more *"]')
        b.screenshot("more-without-script")
        b.click('main .button')
        b.click('a[href*="processname=cat"]')
        b.screenshot("log-without-script")


class Empty(Scene):
    programs = ""

    def test_says_what_to_do(self):
        b = self.browser()
        b.wait_text("#empty", "No programs yet")
        b.screenshot("list-empty")
        self.assertAccessible(b)


class Hostile(Scene):
    names = ("<script>document.title=1", "a&b\"c'd", "<b>x", "שלום", "日本", "x?y#z+")
    programs = cat("cat") + "".join(cat(name) for name in names)

    def test_names(self):
        b = self.live()
        for name in self.names:
            self.assertIn(name, b.text("table"))
        self.assertEqual(0, b.run("return document.querySelectorAll('main b, main script').length"))
        self.assertNotEqual("1", b.run("return document.title"))
        self.assertEqual([], b.errors())
        for name in self.names:
            b.run("for (const e of document.querySelectorAll('tr[data-name]'))"
                  "if (e.dataset.name === arguments[0])"
                  "e.querySelector('button[value^=stop]').click()", name)
            until(lambda n=name: self.d.state(n) == "STOPPED")
        b.screenshot("list-hostile")
