"""Debian's nginx and redis-server as programs, controlled over XML-RPC."""

import os
import shutil
import signal
import socket
import unittest
import urllib.error
import urllib.request

from reeve import Case, alive, free_port, program, until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
REDIS = shutil.which("redis-server", path="/usr/bin:/usr/local/bin:/bin")

NGINX_CONF = """daemon off;
worker_processes 2;
error_log stderr info;
pid {dir}/nginx.pid;
%s
events {{ worker_connections 64; }}
http {{
    access_log /dev/stdout;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
    server {{ listen 127.0.0.1:{port}; root {dir}/www; }}
}}
"""


def page(port):
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d/index.html" % port, timeout=5) as r:
            return r.read()
    except (urllib.error.URLError, OSError):
        return None


def ping(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(b"PING\r\n")
            return s.recv(100)
    except OSError:
        return None


class RealPrograms(Case):
    def life(self, name, serving, answer, kill):
        """Started, serving, killed and restarted, stopped."""
        d, s = self.d, self.rpc(self.d, "tcp").supervisor
        self.assertIs(True, s.startProcess(name))
        info = s.getProcessInfo(name)
        self.assertEqual("RUNNING", info["statename"])
        self.assertEqual(answer, until(serving, what="%s to serve" % name))
        kill(s, info["pid"])
        until(lambda: s.getProcessInfo(name)["pid"] not in (0, info["pid"]),
              what="another pid")
        d.wait_state(name, "RUNNING")
        self.assertEqual(answer, until(serving, what="%s to serve again" % name))
        again = s.getProcessInfo(name)["pid"]
        self.assertIs(True, s.stopProcess(name))
        self.assertFalse(alive(again))
        self.assertIsNone(serving())
        self.assertEqual("STOPPED", s.getProcessInfo(name)["statename"])

    @unittest.skipUnless(NGINX, "no nginx")
    def test_nginx(self):
        port = free_port()
        self.d = d = self.make(program(
            "nginx", NGINX + " -c {dir}/nginx.conf -e stderr", autostart="false",
            autorestart="true", stopsignal="QUIT", killasgroup="true", startsecs=1,
            startretries=10, stdout_logfile="{dir}/nginx.log",
            stderr_logfile="{dir}/nginx.err"))
        user = "user %s;" % "root" if os.geteuid() == 0 else ""
        with open(d.path("nginx.conf"), "w", encoding="ascii") as f:
            f.write(NGINX_CONF.replace("%s", user).format(dir=d.dir, port=port))
        os.mkdir(d.path("www"))
        with open(d.path("www", "index.html"), "wb") as f:
            f.write(b"served by nginx\n")
        d.start()
        self.addCleanup(self.finish, d)
        # Its workers would outlive a killed master and keep the port: all are killed.
        self.life("nginx", lambda: page(port), b"served by nginx\n",
                  lambda s, pid: os.killpg(pid, signal.SIGKILL))
        self.assertIn("GET /index.html",
                      self.rpc(d).supervisor.readProcessStdoutLog("nginx", 0, 0))

    @unittest.skipUnless(REDIS, "no redis-server")
    def test_redis(self):
        port = free_port()
        self.d = d = self.daemon(program(
            "redis", REDIS + " --port %d --bind 127.0.0.1 --save '' --daemonize no "
            "--dir {dir}" % port, autostart="false", autorestart="true", startsecs=1,
            stdout_logfile="{dir}/redis.log"))
        self.life("redis", lambda: ping(port), b"+PONG\r\n",
                  lambda s, pid: s.signalProcess("redis", "KILL"))
        self.assertIn("Ready to accept connections",
                      self.rpc(d).supervisor.readProcessStdoutLog("redis", 0, 0))
        self.assertIn("INFO stopped: redis (exit status 0)", d.messages())


if __name__ == "__main__":
    unittest.main()
