"""A browser without a window: chromium, driven over WebDriver with the standard library."""

import base64
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile

from reeve import ROOT, children_of, free_port, until

DRIVER = shutil.which("chromedriver")
SCREENS = os.path.join(ROOT, os.environ.get("REEVE_BUILD", "build"), "screens")
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "ArrowUp": "\ue013", "ArrowDown": "\ue015",
        "Tab": "\ue004", "End": "\ue010", "Home": "\ue011"}


class Browser:
    """One browser with one window. Close it at the end."""

    def __init__(self, size=(1280, 800), dark=False, script=True):
        self.directory = tempfile.mkdtemp(prefix="reeve-browser-")
        self.port = free_port()
        self.driver = subprocess.Popen([DRIVER, "--port=%d" % self.port, "--silent"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)
        self.session = None
        until(self.is_ready, what="chromedriver")
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                            "--disable-dev-shm-usage", "--hide-scrollbars",
                            "--user-data-dir=" + self.directory,
                            "--window-size=%d,%d" % size]}
        if not script:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = answer["sessionId"]
        self.resize(*size)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def is_ready(self):
        try:
            return self.ask("GET", "/status")["ready"]
        except OSError:
            return False

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise AssertionError("%s: %s" % (value["error"], value["message"][:500]))
        return value

    def command(self, method, path, **body):
        return self.ask(method, "/session/%s%s" % (self.session, path),
                        body if method == "POST" else None)

    def devtools(self, command, **params):
        return self.command("POST", "/goog/cdp/execute", cmd=command, params=params)

    def resize(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 600)

    def family(self):
        """The processes of the browser, without its driver."""
        found, todo = [], children_of(self.driver.pid)
        while todo:
            found += todo
            todo = [child for pid in todo for child in children_of(pid)]
        return found

    def suspend(self):
        for pid in self.family():
            os.kill(pid, signal.SIGSTOP)

    def resume(self):
        for pid in self.family():
            os.kill(pid, signal.SIGCONT)

    def close(self):
        try:
            if self.session is not None:
                self.command("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.directory, ignore_errors=True)

    # --- what a scene does ---

    def open(self, url):
        self.command("POST", "/url", url=url)

    def live(self, url):
        """Opens the list of programs. Milliseconds until all of it works."""
        self.open(url)
        mark = "return (performance.getEntriesByName('live')[0] || {}).startTime"
        return until(lambda: self.run(mark), what="a snapshot")

    def run(self, script, *args):
        """The value of a function body in the page; arguments[0] is the first argument."""
        return self.command("POST", "/execute/sync", script=script, args=list(args))

    def text(self, selector="body"):
        return self.run("const e = document.querySelector(arguments[0]);"
                        "return e ? e.innerText : null", selector)

    def count(self, selector):
        """How many elements are visible."""
        return self.run("return [...document.querySelectorAll(arguments[0])]"
                        ".filter(e => e.checkVisibility()).length", selector)

    def click(self, selector):
        until(lambda: self.count(selector), what="an element " + selector)
        found = self.command("POST", "/element", using="css selector", value=selector)
        self.command("POST", "/element/%s/click" % list(found.values())[0])

    def type(self, *keys):
        """Presses keys: names of KEYS or characters."""
        actions = []
        for key in keys:
            for character in [KEYS[key]] if key in KEYS else key:
                actions += [{"type": kind, "value": character} for kind in ("keyDown", "keyUp")]
        self.command("POST", "/actions", actions=[
            {"type": "key", "id": "keys", "actions": actions}])

    def wait_text(self, selector, text):
        try:
            until(lambda: text in (self.text(selector) or ""))
        except AssertionError:
            raise AssertionError("no '%s' in: %s" % (text, self.text(selector))) from None

    def errors(self):
        """What the console of the page has complained about."""
        return [entry["message"] for entry in self.command("POST", "/se/log", type="browser")]

    def screenshot(self, name):
        os.makedirs(SCREENS, exist_ok=True)
        with open(os.path.join(SCREENS, name + ".png"), "wb") as f:
            f.write(base64.b64decode(self.command("GET", "/screenshot")))
