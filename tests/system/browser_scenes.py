"""The pages in a real browser. Each scene leaves a screenshot in build/screens. Not part of the
system suite: tests/run browser runs it, as part of check-long; it takes the packages of `make
long-deps`."""

import time
import unittest

import webdriver
from reeve import Case, cat, program, until
from test_pages import HOSTILE

TROUBLE = program("broken", "/nonexistent/x", startretries=0) + \
    program("crash", "{child} exit 3", autostart="false", startsecs=0, autorestart="true")
PROGRAMS = cat("cat") + cat("idle", autostart="false") + TROUBLE + \
    cat("web", process_name="%(program_name)s_%(process_num)d", numprocs=3)

# Texts and controls whose contrast with what is behind them is too low (WCAG AA: 4.5, and 3 for
# large texts), controls without a name, ids that are not unique, headings out of order.
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
        browser = self.browser(path, **options)
        until(lambda: browser.count(row("cat")), what="a row of the script")
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

    def test_filter(self):
        b = self.live()
        b.type("/", "WEB_1")
        until(lambda: b.count("tr[data-name]") == 1)
        self.assertTrue(b.run("return location.search") == "?q=WEB_1")
        self.assertIn("Stop these 1", b.text("#bulk"))
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
        self.assertEqual(0, b.count("#offline"))
        self.d.stop()
        until(lambda: b.count("#offline"))
        b.wait_text("#offline", "No connection to the daemon")
        b.screenshot("list-offline")
        self.d.start()
        until(lambda: not b.count("#offline"), what="the page to connect again")
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
        self.assertIsNone(b.run("return stream.source"))
        server.stopProcess("cat")
        server.removeProcessGroup("cat")
        server.startProcess("idle")
        self.assertIn("STOPPED", b.text(row("idle")))
        b.run(hide % "false")
        b.wait_text(row("idle"), "RUNNING")
        until(lambda: not b.count(row("cat")))

    def test_print(self):
        b = self.live()
        b.devtools("Emulation.setEmulatedMedia", media="print")
        self.assertEqual(0, b.count("button"))
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
    programs = cat("cat") + "".join(cat(name) for name in names) + \
        program("talk", "{child} sleep 1000", startsecs=0, stdout_logfile="{dir}/talk.log")

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

    def test_log(self):
        with open(self.d.path("talk.log"), "wb") as f:
            f.write(b"\x1b[31mred\x1b[0m " + HOSTILE.encode() + b" <script>document.title=1"
                    b"</script> \xff\x00\x01 \x1b]0;title\x07\xe2\x82\xac\r\nlast\n")
        b = self.browser("tail.html?processname=talk")
        b.wait_text("#lines", "last")
        text = b.text("#lines")
        self.assertIn("red " + HOSTILE + " <script>document.title=1</script>", text)
        self.assertIn("\u20ac", text)
        self.assertEqual(1, b.run("return document.querySelectorAll('#lines .f1').length"))
        self.assertEqual(0, b.run("return document.querySelectorAll('#lines b, #lines script')"
                                  ".length"))
        self.assertEqual([], b.errors())
        b.screenshot("log-hostile")


class Log(Scene):
    programs = cat("cat", stdout_logfile="{dir}/cat.log", stdout_logfile_maxbytes=0)

    def write(self, text):
        with open(self.d.path("cat.log"), "a", encoding="utf-8") as f:
            f.write(text)

    def shown(self, text=""):
        b = self.browser("tail.html?processname=cat")
        until(lambda: b.count("#find"))
        if text:
            b.wait_text("#lines", text)
        return b

    def test_follows_and_pauses(self):
        self.write("".join("line %06d\n" % n for n in range(3000)))
        b = self.shown("line 002999")
        self.write("more\n")
        b.wait_text("#lines", "more")
        self.assertEqual(0, b.count("#follow"))
        b.run("document.getElementById('screen').scrollTop -= 300")
        until(lambda: b.count("#follow"))
        self.write("unseen\n")
        b.wait_text("#follow", "1 new line")
        self.assertNotIn("unseen", b.text("#lines"))
        b.screenshot("log-paused")
        b.click("#follow")
        b.wait_text("#lines", "unseen")
        self.assertAccessible(b)

    def test_back_in_time(self):
        self.write("".join("line %06d\n" % n for n in range(20000)))
        b = self.shown("line 019999")
        self.assertNotIn("line 010000", b.text("#lines"))
        b.click("#earlier")

        def at_the_beginning():
            b.run("document.getElementById('screen').scrollTop = 50")
            b.run("document.getElementById('screen').scrollTop = 0")
            return not b.count("#earlier")
        until(at_the_beginning, every=0.3, what="the first page")
        self.assertEqual(["line %06d" % n for n in range(20000)],
                         [line for line in b.text("#lines").split("\n") if line])

    def test_find(self):
        self.write("".join("line %06d\n" % n for n in range(1000)) + "a Needle in it\n")
        b = self.shown("needle".title())
        b.type("/", "needle")
        b.wait_text("#found", "1 of 1")
        b.type("z")
        b.wait_text("#found", "not found")
        b.screenshot("log-find")

    def test_truncated(self):
        self.write("old\n" * 100)
        b = self.shown("old")
        self.rpc(self.d).supervisor.clearProcessLogs("cat")
        self.write("new\n")
        b.wait_text("#lines", "truncated or replaced")
        b.wait_text("#lines", "new")

    def test_ten_thousand_lines_a_second(self):
        b = self.shown()
        begun = time.monotonic()
        for second in range(3):
            for part in range(10):
                self.write("".join("%d %d %04d some words to fill the line\n" % (second, part, n)
                                   for n in range(1000)))
                time.sleep(max(0, begun + second + (part + 1) / 10 - time.monotonic()))
        b.wait_text("#lines", "2 9 0999")
        self.assertLess(time.monotonic() - begun, 3 + 5)
        self.assertLess(b.run("return document.getElementById('lines').textContent.length"),
                        2 * 1024 * 1024)
        b.screenshot("log-fast")

    def test_dark(self):
        self.write("".join("\x1b[%dmcolour %d\x1b[0m\n" % (n, n) for n in range(30, 38)))
        for dark in (False, True):
            b = self.browser("tail.html?processname=cat", dark=dark)
            b.wait_text("#lines", "colour 37")
            self.assertAccessible(b)
            b.screenshot("log-dark" if dark else "log-light")


class Users(Scene):
    programs = PROGRAMS + "[user:ann]\npassword=a\nrole=operate\nprograms=cat,idle\n" \
        "[user:bob]\npassword=b\nrole=states\n"

    def test_see_what_they_may(self):
        for user, buttons, rows in (("ann:a", 3, 2), ("bob:b", 0, 7)):
            self.url = "http://%s@127.0.0.1:%d/" % (user, self.d.port)
            b = self.browser()
            until(lambda b=b, n=rows: b.count("tr[data-name]") == n, what=user)
            self.assertEqual(buttons, b.count("td button"))
            b.screenshot("list-" + user[:3])
