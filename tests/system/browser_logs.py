"""The page of a log in a real browser (browser_scenes.py)."""

import os
import time

from browser_scenes import Scene
from reeve import cat, program, until
from test_pages import HOSTILE


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

    def test_actions(self):
        b = self.shown()
        self.write("text\n")
        b.wait_text("#lines", "text")
        b.click('button[value="clear cat"]')
        until(lambda: os.path.getsize(self.d.path("cat.log")) == 0)
        pid = self.d.info("cat")["pid"]
        b.click('button[value="restart cat"]')
        until(lambda: self.d.info("cat")["pid"] not in (0, pid))
        pid = self.d.info("cat")["pid"]
        b.run("document.getElementById('signal').value = 'KILL'")
        b.click('button[value="signal cat"]:enabled')
        until(lambda: self.d.info("cat")["pid"] not in (0, pid))
        b.click('button[value="stop cat"]:enabled')
        b.wait_text(".log-head", "STOPPED")
        self.assertEqual(0, b.count("#signal"))
        b.command("POST", "/refresh")
        b.click('button[value="start cat"]:enabled')
        b.wait_text(".log-head", "RUNNING")
        self.assertEqual(1, b.count("#signal"))

    def test_main_log(self):
        b = self.browser("mainlog.html")
        b.wait_text("#lines", "entered RUNNING state")
        self.rpc(self.d).supervisor.stopProcess("cat")
        b.wait_text("#lines", "stopped: cat")
        self.assertAccessible(b)
        b.screenshot("log-main")

    def test_a_gigabyte(self):
        """A large log costs what is shown of it."""
        with open(self.d.path("cat.log"), "ab") as f:
            f.truncate(1 << 30)
        self.write("\nthe last line\n")
        b = self.shown("the last line")
        self.assertLess(b.run("return document.getElementById('lines').textContent.length"),
                        256 * 1024)
        b.click("#earlier")
        until(lambda: b.run("return start") < (1 << 30) - 64 * 1024, what="an earlier page")

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


class Bytes(Scene):
    programs = program("talk", "{child} sleep 1000", startsecs=0,
                       stdout_logfile="{dir}/talk.log")

    def test_hostile(self):
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
