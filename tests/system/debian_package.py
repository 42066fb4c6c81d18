"""The Debian package: lintian has nothing against it, and in a system of its own it is
installed, started, upgraded and purged. `tests/run package` runs it, as part of
check-long; it takes root, the packages of `make long-deps` and a mirror of Debian."""

import glob
import os
import shutil
import subprocess
import tempfile
import unittest

from reeve import BUILD, ROOT, reeve_only

TOOLS = ("dh", "dpkg-buildpackage", "lintian", "debootstrap", "unshare")
CONF = "/etc/reeve/reeved.conf"
MINUTES = 60

# Files that dpkg changes itself, and files of packages that were installed before.
OURS_ONLY = r"""find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp \
    -o -path /packages -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/log/dpkg.log \
    -o -path '/etc/*-' -o -path /etc/.pwd.lock -o -path /var/lib/systemd \) -prune -o -print |
    LC_ALL=C sort"""

# Starts the program by the command line of the unit, and waits until it answers. An explicit
# exit, because `set -e` ignores a status that is negated with !.
START = """
unit() {
    sed -n "s/^$1=//p" /lib/systemd/system/reeved.service
}
fails() {
    if "$@"; then return 1; fi
}
runs() {
    for i in $(seq 300); do
        ! reevectl -c %(conf)s status $1 | grep RUNNING || return 0
        kill -0 $pid
        sleep 0.1
    done
    return 1
}
daemon() {
    $(unit ExecStart) & pid=$!
    runs web
}
""" % {"conf": CONF}

LIFE = START + """
%(files)s >/tmp/before
dpkg -i /packages/reeve_[0-9].[0-9].[0-9]_*.deb

# What the installation has created: a user, directories, an enabled unit.
test "$(getent passwd reeve | cut -d: -f7)" = /usr/sbin/nologin
test -d /run/reeve -a -d /var/log/reeve
test "$(stat -c "%a %U" /var/lib/reeve)" = "700 root"
test -L /etc/systemd/system/multi-user.target.wants/reeved.service

printf '[program:web]\\ncommand=/bin/sleep 1000\\n' >/etc/reeve/conf.d/web.conf
echo '; mine' >>%(conf)s
daemon
first=$pid web=$(reevectl -c %(conf)s pid web)
front=$(grep -l '^reeve-rpcd' /proc/[0-9]*/comm | cut -d/ -f3)
test "$(awk '/^Uid/ {print $3}' /proc/$front/status)" = "$(id -u reeve)"
test -s /var/log/reeve/reeved.log

# A reload applies a new file and leaves other programs alone; with an error in the
# configuration it changes nothing.
printf '[program:two]\\ncommand=/bin/sleep 1000\\n' >/etc/reeve/conf.d/two.conf
$(unit ExecReload)
runs two
echo '[program:bad]' >/etc/reeve/conf.d/bad.conf
fails $(unit ExecReload)
rm /etc/reeve/conf.d/bad.conf /etc/reeve/conf.d/two.conf
$(unit ExecReload)
test "$(reevectl -c %(conf)s pid web)" = $web
kill -0 $first

# An upgrade does not touch the daemon, its programs and a changed configuration.
dpkg -i /packages/next/reeve_*.deb
test "$(dpkg-query -W -f '${Version}' reeve)" = %(next)s
kill -0 $first
test "$(reevectl -c %(conf)s pid web)" = $web
grep -qx '; mine' %(conf)s

reevectl -c %(conf)s status web | grep RUNNING

# The names of supervisord, with the new version.
kill $first
wait $first
fails kill -0 $web
dpkg -i /packages/next/reeve-compat_*.deb
daemon
supervisorctl -c %(conf)s status web | grep RUNNING
echo_supervisord_conf | cmp - /usr/share/reeve/reeved.conf.sample
supervisord -v
kill $pid
wait $pid

# A removal keeps the configuration and the logs, a purge keeps nothing.
dpkg --remove reeve-compat reeve
test ! -e /usr/sbin/reeved -a ! -e /usr/bin/supervisord
grep -qx '; mine' %(conf)s
test -s /var/log/reeve/reeved.log
rm /etc/reeve/conf.d/web.conf
dpkg --purge reeve-compat reeve
%(files)s >/tmp/after
diff /tmp/before /tmp/after
"""


def mirror():
    """The origin of this system's packages, and the name of its release."""
    text = subprocess.run(["apt-get", "indextargets", "--format",
                           "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages",
                           "Origin: Debian", "Component: main"], text=True, check=False,
                          capture_output=True).stdout.split("\n")
    with open("/etc/os-release", encoding="utf-8") as f:
        release = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
    name = release.get("VERSION_CODENAME", "")
    return next(((line.split()[0], name) for line in text if line.split()[1:2] == [name]),
                (None, None))


@reeve_only
class Package(unittest.TestCase):
    def setUp(self):
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing:
            self.skipTest("no %s: make deb-deps" % ", ".join(missing))
        self.made = os.path.join(BUILD, "deb")
        self.command("make", "-C", ROOT, "BUILD=" + os.path.relpath(BUILD, ROOT), "deb")
        with open(os.path.join(ROOT, "master/dist/package/changelog"), encoding="utf-8") as f:
            self.version = f.readline().split("(")[1].split(")")[0]

    def command(self, *words, minutes=4, **options):
        done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=minutes * MINUTES, **options)
        self.assertEqual(0, done.returncode, "%s\n%s" % (words[0], done.stdout[-4000:]))
        return done.stdout

    def package(self, name, version):
        return glob.glob(os.path.join(self.made, "%s_%s_*.deb" % (name, version)))[0]

    def test_lintian(self):
        changes = glob.glob(os.path.join(self.made, "*.changes"))
        self.assertEqual(1, len(changes))
        text = self.command("lintian", "--allow-root", "--fail-on", "error,warning",
                            changes[0])
        self.assertNotIn("E: ", text)

    def needs(self):
        """The dependencies of the package; of alternatives the first one."""
        text = self.command("dpkg-deb", "-f", self.package("reeve", self.version), "Depends")
        return [part.split("|")[0].split("(")[0].strip() for part in text.split(",")]

    def system(self):
        """A new small Debian with the dependencies, and a directory for the packages."""
        where, release = mirror()
        if os.getuid() != 0:
            self.skipTest("a system of its own takes root")
        if where is None:
            self.skipTest("no mirror of Debian is known here")
        root = tempfile.mkdtemp(prefix="reeve-debian-")
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        try:
            self.command("debootstrap", "--variant=minbase",
                         "--include=" + ",".join(self.needs()), release, root, where)
        except AssertionError as e:
            # None of our files has been used so far.
            self.skipTest("debootstrap fails here: " + str(e).strip().split("\n")[-1])
        os.makedirs(os.path.join(root, "packages/next"))
        return root

    def later(self, name, target, version):
        """Builds the same package with a higher version, for an upgrade."""
        work = tempfile.mkdtemp(prefix="reeve-package-")
        self.addCleanup(shutil.rmtree, work)
        self.command("dpkg-deb", "-R", self.package(name, self.version), work + "/p")
        control = work + "/p/DEBIAN/control"
        with open(control, encoding="utf-8") as f:
            text = f.read()
        with open(control, "w", encoding="utf-8") as f:
            f.write(text.replace("Version: %s\n" % self.version, "Version: %s\n" % version)
                    .replace("reeve (= %s)" % self.version, "reeve (= %s)" % version))
        self.command("dpkg-deb", "--root-owner-group", "-b", work + "/p", target)

    def test_a_life(self):
        root = self.system()
        after = self.version + "+1"
        shutil.copy(self.package("reeve", self.version), root + "/packages")
        for name in ("reeve", "reeve-compat"):
            self.later(name, "%s/packages/next/%s_%s.deb" % (root, name, after), after)
        script = "set -eux\nexport DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8\n" + \
            LIFE % {"conf": CONF, "next": after, "files": OURS_ONLY}
        # A pid namespace, so that all processes end with it.
        self.command("unshare", "--pid", "--fork", "--kill-child", "--mount",
                     "sh", "-c", "mount -t proc proc \"$1/proc\" && "
                     "exec chroot \"$1\" /bin/sh -c \"$2\"", "sh", root, script,
                     env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


if __name__ == "__main__":
    unittest.main()
