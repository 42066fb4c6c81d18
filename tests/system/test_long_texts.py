"""Texts of the configuration that are longer than a message between the master and reeve-rpcd."""

import http.client
import xmlrpc.client

from reeve import Case, program, reeve_only

LONG = "x" * (2 * 1024 * 1024)


@reeve_only
class LongTexts(Case):
    def sleepers(self, count, letters):
        return "".join(program("%05d%s" % (i, letters), "/bin/sleep 1000", autostart="false",
                               stdout_logfile="NONE", stderr_logfile="NONE")
                       for i in range(count))

    def test_a_long_command_is_truncated(self):
        d = self.daemon(program("p", "/bin/true " + LONG, autostart="false") +
                        program("q", "/bin/true", autostart="false"))
        s, pid = self.rpc(d).supervisor, d.front_end()
        info = s.getAllConfigInfo()
        self.assertEqual(["p", "q"], [i["name"] for i in info])
        self.assertEqual("/bin/true " + "x" * (4096 - 10) + "...", info[0]["command"])
        self.assertIn("q ", d.reevectl("avail").stdout)
        self.assertEqual(pid, d.front_end())

    def test_a_long_path_that_does_not_exist(self):
        d = self.daemon(program("p", "/" + LONG, autostart="true", startretries=0))
        s, pid = self.rpc(d).supervisor, d.front_end()
        info = d.wait_state("p", "FATAL")
        self.assertEqual("can't find command '/" + "x" * 16363, info["spawnerr"])
        with self.assertRaises(xmlrpc.client.Fault):
            s.startProcess("p")
        self.assertIn("FATAL", d.reevectl("status").stdout)
        self.assertEqual(pid, d.front_end())

    def test_a_long_exitcodes(self):
        d = self.daemon(program("p", "/bin/true", autostart="false",
                                exitcodes=",".join(["0"] * 100000)))
        s, pid = self.rpc(d).supervisor, d.front_end()
        self.assertEqual([0] * 1024, s.getAllConfigInfo()[0]["exitcodes"])
        self.assertEqual(pid, d.front_end())

    def test_a_long_reread(self):
        """The names of all added groups are longer than a message."""
        d = self.daemon(program("p", "/bin/true", autostart="false"))
        s, pid = self.rpc(d).supervisor, d.front_end()
        d.configure(self.sleepers(300, "y" * 4000))
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            s.reloadConfig()
        self.assertEqual(30, caught.exception.faultCode)
        self.assertEqual("FAILED: the result is too long", caught.exception.faultString)
        self.assertEqual("p", s.getAllProcessInfo()[0]["name"])
        self.assertEqual(pid, d.front_end())

    def test_a_long_update(self):
        """What is done is not reported as a failure."""
        d = self.daemon(program("p", "/bin/true", autostart="false"))
        d.configure(program("p", "/bin/false", autostart="false") +
                    program("q", "/bin/false", autostart="false") +
                    self.sleepers(300, "y" * 4000))
        done = d.reevectl("update", "q")
        self.assertEqual((0, "q: added process group\n"), (done.returncode, done.stdout))
        done = d.reevectl("update")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        lines = done.stdout.splitlines()
        self.assertEqual(1, lines.count("p: updated process group"))
        self.assertEqual(300, len([i for i in lines if i.endswith("y: added process group")]))
        self.assertEqual(302, len(self.rpc(d).supervisor.getAllProcessInfo()))

    def test_an_update_of_many_names(self):
        """One request cannot have all the names."""
        d = self.daemon(program("p", "/bin/true", autostart="false"))
        d.configure(program("p", "/bin/false", autostart="false"))
        names = ["n%04d" % i for i in range(5000)]
        done = d.reevectl("update", *names, "p")
        self.assertEqual(["ERROR: no such group: " + i for i in names] +
                         ["p: stopped", "p: updated process group"], done.stdout.splitlines())
        self.assertEqual(1, done.returncode)

    def test_a_long_value_that_is_wrong(self):
        d = self.daemon(program("p", "/bin/true", autostart="false"))
        s, pid = self.rpc(d).supervisor, d.front_end()
        d.configure(program("p", "/bin/true", autostart=LONG))
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            s.reloadConfig()
        self.assertEqual(92, caught.exception.faultCode)
        self.assertLess(len(caught.exception.faultString), 33000)
        self.assertEqual(pid, d.front_end())

    def test_a_long_name(self):
        logs = {"stdout_logfile": "NONE", "stderr_logfile": "NONE"}
        d = self.daemon(program("p" + LONG[:1000000], "/bin/true", autostart="false", **logs) +
                        program("q", "/bin/true", autostart="false"))
        s, pid = self.rpc(d).supervisor, d.front_end()
        self.assertEqual(["p" + "x" * 16383, "q"],
                         [i["name"] for i in s.getAllProcessInfo()])
        s.startAllProcesses()
        self.assertEqual(2, len(s.getAllConfigInfo()))
        self.assertEqual(pid, d.front_end())

    def test_a_long_identifier(self):
        d = self.daemon(program("p", "/bin/true", autostart="false", stdout_logfile="NONE",
                                stderr_logfile="NONE"), supervisord={"identifier": LONG})
        s, pid = self.rpc(d).supervisor, d.front_end()
        self.assertEqual("x" * 16384, s.getIdentification())
        self.assertEqual(pid, d.front_end())

    def test_long_parameters_of_a_client(self):
        d = self.daemon(program("p", "/bin/cat"))
        s, pid = self.rpc(d).supervisor, d.front_end()
        for method, *params in (["sendRemoteCommEvent", LONG, "data"],
                                ["sendRemoteCommEvent", "type", LONG],
                                ["sendProcessStdin", "p", LONG],
                                ["signalProcess", "p", LONG], ["startProcess", LONG],
                                ["addProcessGroup", LONG], ["tailProcessStdoutLog", LONG, 0, 9]):
            try:
                getattr(s, method)(*params)
            except xmlrpc.client.Fault as fault:
                self.assertLess(len(fault.faultString), 300, method)
        self.assertEqual(pid, d.front_end())

    def test_a_long_password(self):
        """No request can have it, therefore no client is let in; the other server works."""
        d = self.daemon(program("p", "/bin/true", autostart="false"),
                        unix={"username": "u", "password": LONG, "server_names": LONG[:1000000]})
        pid = d.front_end()
        with self.assertRaises(xmlrpc.client.ProtocolError) as caught:
            self.rpc(d, user="u", password=LONG[:11000]).supervisor.getState()
        self.assertEqual(401, caught.exception.errcode)
        self.assertEqual("p", self.rpc(d, "tcp").supervisor.getAllProcessInfo()[0]["name"])
        self.assertEqual(pid, d.front_end())

    def test_a_long_namespace(self):
        """A name that would not fit a message is rejected."""
        d = self.make(program("x" * 201, "/bin/cat", section="rpcinterface"))
        self.assertEqual(2, d.run().returncode)
        d.configure(program("x" * 200, "/bin/cat", section="rpcinterface"))
        d.start()
        self.addCleanup(self.finish, d)
        self.assertEqual("rpcinterface." + "x" * 200,
                         self.rpc(d).supervisor.getAllProcessInfo()[0]["group"])

    def test_long_server_names(self):
        """Only whole names count: the beginning of a name is the name of another machine."""
        names = ["n%05d.example" % i for i in range(5000)]
        d = self.daemon(program("p", "/bin/true", autostart="false"),
                        tcp={"server_names": " ".join(names)})
        call = xmlrpc.client.dumps((), "supervisor.getState")

        def status(host):
            request = http.client.HTTPConnection(d.host, d.port)
            self.addCleanup(request.close)
            request.request("POST", "/RPC2", call, {"Host": host, "Origin": "http://" + host})
            return request.getresponse().status

        last = max(i for i in range(0, 5000, 50) if status(names[i]) == 200)
        last = max(i for i in range(last, last + 50) if status(names[i]) == 200)
        self.assertGreater(len(" ".join(names[:last + 1])), 60000)
        self.assertEqual(403, status(names[last + 1]))
        for n in range(1, len(names[0])):
            self.assertEqual(403, status(names[last + 1][:n]))
