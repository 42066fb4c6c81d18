"""Changes that an update cannot apply: reevectl and the control socket list them."""

import unittest

from reeve import Case, cat, reeve_only


@reeve_only
class Pending(Case):
    def begin(self, **options):
        d = self.daemon(cat("cat"), **options)
        d.wait_state("cat", "RUNNING")
        return d

    def expect(self, d, lines, *words):
        """update reports them each time on standard error and with its status, --dry-run
        on standard output; reread reports them and succeeds."""
        text = "".join(line + "\n" for line in lines)
        status = 6 if lines else 0
        for _ in range(2):
            done = d.reevectl("update", *words)
            self.assertEqual((status, "", text), (done.returncode, done.stdout, done.stderr))
        dry = d.reevectl("update", "--dry-run", *words)
        self.assertEqual((status, "No config updates to processes\n" + text, ""),
                         (dry.returncode, dry.stdout, dry.stderr))
        reread = d.reevectl("reread")
        self.assertEqual((0, "No config updates to processes\n", text),
                         (reread.returncode, reread.stdout, reread.stderr))

    def test_nothing(self):
        d = self.begin()
        self.expect(d, [])
        self.expect(d, [], "all")

    def test_port_and_level(self):
        d = self.begin()
        before = d.port
        d.port += 1
        d.configure(cat("cat"), supervisord={"loglevel": "debug"})
        lines = ["[supervisord] loglevel: info -> debug: needs reload",
                 "[inet_http_server] port: 127.0.0.1:%d -> 127.0.0.1:%d: needs reload" %
                 (before, d.port)]
        self.expect(d, lines)
        self.expect(d, lines, "all")
        # Until the reload.
        self.assertEqual(0, d.reevectl("reload").returncode)
        d.wait_log("supervisord started", count=2)
        d.wait_state("cat", "RUNNING")
        self.expect(d, [])

    def test_every_option(self):
        d = self.begin()
        d.servers = ({"chmod": "0770", "username": "u", "password": "secret"}, False)
        d.configure(cat("cat"), interface=False, supervisord={
            "logfile": "syslog", "logfile_maxbytes": "1MB", "logfile_backups": "3",
            "pidfile": d.path("other.pid"), "silent": "true", "nocleanup": "true",
            "environment": "A=secret", "control_socket": d.path("c.sock"),
            "syslog_socket": "/dev/null", "rpcd_user": "daemon", "user": "root",
            "rpcd_confinement": "strict", "minfds": "1000", "minprocs": "199",
            "directory": "/tmp", "umask": "077", "nodaemon": "true",
            "identifier": "other", "strip_ansi": "true"})
        done = d.reevectl("update", options=["-c", d.conf, "-s", d.control_path])
        self.assertEqual(6, done.returncode, done.stderr)
        self.assertNotIn("secret", done.stderr)
        text = [line.partition(": ")[0].partition(":s")[0] for line in done.stderr.splitlines()]
        self.assertEqual(
            ["[supervisord] user", "[supervisord] logfile", "[supervisord] logfile_maxbytes",
             "[supervisord] logfile_backups", "[supervisord] pidfile", "[supervisord] silent",
             "[supervisord] nocleanup", "[supervisord] environment",
             "[supervisord] control_socket", "[supervisord] syslog_socket",
             "[supervisord] rpcd_user", "[supervisord] rpcd_confinement", "[rpcinterface",
             "[inet_http_server] is gone", "[unix_http_server] username",
             "[unix_http_server] password", "[unix_http_server] chmod",
             "[supervisord] minfds", "[supervisord] minprocs", "[supervisord] directory",
             "[supervisord] umask"], text)
        self.assertIn("[supervisord] minfds: 1024 -> 1000: needs a restart of reeved\n",
                      done.stderr)
        self.assertIn("[supervisord] logfile: %s -> syslog: needs reload\n" % d.path("main.log"),
                      done.stderr)
        self.assertIn("[supervisord] environment: needs reload\n", done.stderr)

    def test_a_new_server_beside_a_new_program(self):
        d = self.begin()
        d.configure(cat("cat") + cat("dog") + "[unix_http_server:two]\nfile={dir}/two.sock\n")
        done = d.reevectl("update")
        self.assertEqual((6, "dog: added process group\n",
                          "[unix_http_server:two] is new: needs reload\n"),
                         (done.returncode, done.stdout, done.stderr))

    def test_named_groups_decide_the_status(self):
        d = self.begin()
        d.configure(cat("cat") + cat("dog"), supervisord={"silent": "true"})
        done = d.reevectl("update", "dog")
        self.assertEqual((0, "dog: added process group\n",
                          "[supervisord] silent: false -> true: needs reload\n"),
                         (done.returncode, done.stdout, done.stderr))
        failed = d.reevectl("update", "nothing")
        self.assertEqual(1, failed.returncode)

    def test_the_command_line_counts(self):
        d = self.daemon(cat("cat"), args=["-e", "warn"])
        d.wait_state("cat", "RUNNING")
        d.configure(cat("cat"), supervisord={"loglevel": "debug"})
        self.expect(d, [])

    def test_the_answer(self):
        d = self.begin()
        d.configure(cat("cat"), supervisord={"silent": "true", "umask": "077"})
        wire = self.control(d)
        for method in ("config.preview", "config.reread"):
            answer = wire.call(method)
            self.assertEqual((["[supervisord] silent: false -> true"],
                              ["[supervisord] umask: 0022 -> 0077"]),
                             (answer["reload"], answer["start"]))
        self.assertEqual([[[], [], []]], self.rpc(d).supervisor.reloadConfig())


if __name__ == "__main__":
    unittest.main()
