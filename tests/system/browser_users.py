"""Who may do what, in a real browser (browser_scenes.py): users, other sites, a proxy."""

import http.server
import threading

from browser_scenes import PROGRAMS, Scene, row
from reeve import until
from test_pages import BehindNginx

# What a page of another site can send without asking: a form, and requests of a script.
EVIL = """<!DOCTYPE html><title>evil</title>
<form method=post target=frame action={url}action><input name=action value="stop cat"></form>
<iframe name=frame></iframe><img src="{url}?action=stop&amp;processname=cat">
<script>
const call = "<methodCall><methodName>supervisor.stopAllProcesses</methodName></methodCall>";
document.forms[0].submit();
Promise.allSettled([
    fetch("{url}RPC2", {{method: "POST", mode: "no-cors", body: call}}),
    fetch("{url}RPC2", {{method: "POST", body: '{{"jsonrpc":"2.0","id":1,"method":' +
        '"supervisor.stopAllProcesses"}}', headers: {{"Content-Type": "application/json"}}}}),
    fetch("{url}events"), new Promise(done => setTimeout(done, 1000)),
]).then(all => document.title = all.map(one => one.status).join());
</script>"""


def user(name, role, programs=None):
    """Their password is their initial."""
    return "[user:%s]\npassword=%s\nrole=%s\n%s\n" % (
        name, name[0], role, "programs=" + programs if programs else "")


class Users(Scene):
    programs = PROGRAMS + user("ann", "operate", "cat,idle") + user("bob", "states")

    def as_user(self, name):
        self.url = "http://%s:%s@127.0.0.1:%d/" % (name, name[0], self.d.port)
        return self.browser()

    def change(self, *users):
        self.d.configure(PROGRAMS + "".join(users))
        self.rpc(self.d).supervisor.reloadConfig()

    def test_see_what_they_may(self):
        for name, buttons, rows in (("ann", 3, 2), ("bob", 0, 7)):
            b = self.as_user(name)
            until(lambda b=b, n=rows: b.count("tr[data-name]") == n, what=name)
            self.assertEqual(buttons, b.count("td button"))
            b.screenshot("list-" + name)

    def test_what_is_not_offered_is_refused(self):
        b = self.as_user("bob")
        until(lambda: b.count(row("cat")))
        b.run("act('stop', 'cat').then(why => document.title = why)")
        until(lambda: "NOT_PERMITTED" in b.run("return document.title"), what="a refusal")
        b.run("const f = document.getElementById('actions'); const i = document.createElement("
              "'input'); i.name = 'action'; i.value = 'stop cat'; f.append(i); f.submit()")
        b.wait_text("main", "Not permitted")
        b.screenshot("message-not-permitted")
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_rights_change(self):
        b = self.as_user("ann")
        until(lambda: b.count(row("cat")))
        self.change(user("ann", "view", "cat"), user("bob", "states"))
        b.wait_text("#notice", "Your rights have changed")
        until(lambda: not b.count(row("idle")))
        self.assertAccessible(b)
        b.screenshot("list-other-rights")
        b.click("#notice a")
        until(lambda: b.count(row("cat")) and not b.count("td button"))
        self.assertEqual(0, b.count("#notice"))

    def test_user_is_removed(self):
        b = self.as_user("ann")
        until(lambda: b.count(row("cat")))
        self.change(user("bob", "states"))
        b.wait_text("#notice", "You may not see this any more")
        b.screenshot("list-removed-user")


class OtherSite(Scene):
    def test_cannot_do_anything(self):
        page = EVIL.format(url=self.url).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 (a name of the library)
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        b = self.browser()
        b.open("http://localhost:%d/" % server.server_address[1])
        # A request whose answer the page may not read has been sent nevertheless.
        until(lambda: b.run("return document.title") == "fulfilled,rejected,rejected,fulfilled",
              what="the page of the other site")
        self.d.wait_log("refused a request from a page of another site")
        for name in ("cat", "web:web_0"):
            self.assertEqual("RUNNING", self.d.state(name))

    def test_old_token(self):
        """The answer to a form whose token is not valid any more asks."""
        b = self.browser(script=False)
        b.run("document.querySelector('[name=token]').value = 'old'")
        b.click('button[value="stop cat"]')
        b.wait_text("main", "Stop cat?")
        b.screenshot("message-old-token")
        self.assertEqual("RUNNING", self.d.state("cat"))
        b.click('button[value="stop"]')
        until(lambda: self.d.state("cat") == "STOPPED")


class Proxy(Scene, BehindNginx):
    """Below a prefix of nginx, with a password."""

    def setUp(self):
        BehindNginx.setUp(self)
        self.url = "http://ann:door@127.0.0.1:%d/programs/" % self.port

    def test_pages(self):
        b = self.live()
        b.click(row("idle") + ' button[value^="start"]')
        b.wait_text(row("idle"), "RUNNING")
        self.rpc(self.d).supervisor.stopProcess("cat")
        b.wait_text(row("cat"), "STOPPED")
        b.type("ArrowDown", "Enter")
        until(lambda: "/programs/tail.html?processname=cat" in b.run("return location.href"))
        b.wait_text(".log-head", "STOPPED")
        b.click('button[value="start cat"]')
        b.wait_text(".log-head", "RUNNING")
        self.assertEqual([], b.errors())
        b.screenshot("log-behind-nginx")
