"""From inside the sandbox: what must be refused is refused, what the server needs works.

The rest of tests/e2e runs in the same sandbox: it is on by default. Run by root the server is the
user `nobody`, run by anybody else it is that user.
"""

import json
import os
import shutil
import unittest

from lib.server import Server

REFUSED = [
    "read /etc/shadow", "another user's file", "list /home", "read posta.toml",
    "outside of its folders", "write in /tmp", "make a device", "the supervisor's memory",
    "memory of process 1", "raw socket", "packet socket", "bind a low port", "bind any port",
    "a port that is not for mail", "run a shell", "start a process", "trace the supervisor",
    "signal the supervisor", "become root", "capability back", "mount a file system",
    "leave the root folder", "make name spaces", "into the kernel", "kernel's keys",
    "make memory executable",
]
ALLOWED = ["sync, rename and remove a file in the store", "UDP socket", "call port 25",
           "start a thread"]


class Sandbox(unittest.TestCase):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)

    def probe(self):
        return self.server.run("tool", "sandbox-probe")

    def test_each_refusal_from_inside(self):
        done = self.probe()
        if "this kernel has" in done.stdout:
            self.skipTest("this kernel has no whole sandbox")
        lines = done.stdout.splitlines()
        for what in REFUSED:
            found = [line for line in lines if what in line]
            self.assertEqual(len(found), 1, f"{what}:\n{done.stdout}")
            self.assertRegex(found[0], r"^ok .*: refused \(")
        for what in ALLOWED:
            found = [line for line in lines if what in line]
            self.assertEqual(len(found), 1, f"{what}:\n{done.stdout}")
            self.assertRegex(found[0], r"^ok .*: allowed$")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        told = json.loads(self.server.run("tool", "sandbox-probe", "--json").stdout)
        self.assertEqual(told["wrong"], False)
        self.assertEqual(len(told["findings"]), len(lines))
        self.assertEqual(self.server.run("tool", "sandbox-probe", "--jsn").returncode, 64)

    def test_check_says_what_the_kernel_gives(self):
        self.assertRegex(self.server.run("check").stdout, r"sandbox")
        self.server.configure('sandbox = "off"')
        self.assertIn("the sandbox is off", self.server.run("check").stdout)
        self.assertEqual(self.probe().returncode, 1)

    def test_without_the_sandbox_it_serves_too(self):
        self.server.configure('sandbox = "off"')
        self.server.start()
        self.assertEqual(self.server.stop(), 0)

    def test_required_starts_where_the_kernel_gives_all(self):
        self.server.configure('sandbox = "required"')
        if "WRONG" in self.server.run("check").stdout:
            done = self.server.run("serve")
            self.assertEqual(done.returncode, 1)
            self.assertIn("sandbox", done.stderr)
            return
        self.server.start()
        self.assertEqual(self.server.stop(), 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can drop privileges")
    def test_a_directory_of_somebody_else_is_not_served(self):
        os.chown(self.server.directory / "store", 0, 0)
        done = self.server.run("serve")
        self.assertEqual(done.returncode, 1)
        self.assertIn("chown -R nobody", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can drop privileges")
    def test_commands_by_root_leave_no_file_of_root(self):
        self.server.run("account", "add", "zoe@example.org")
        self.server.run("check", "--store")
        for path in self.server.directory.rglob("*"):
            self.assertEqual(path.stat().st_uid, 65534, path)

    @unittest.skipUnless(os.geteuid() == 0, "only root has something to give away")
    def test_a_letter_of_root_follows_no_link_of_the_server(self):
        drop = self.server.directory / "drop"
        precious = self.server.base / "precious"
        precious.mkdir()
        shutil.rmtree(drop, ignore_errors=True)
        drop.symlink_to(precious)
        done = self.server.run("submit", "ann", text="Subject: hi\n\nhello\n")
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertEqual(precious.stat().st_uid, 0)
        self.assertEqual(list(precious.iterdir()), [])
        drop.unlink()
        done = self.server.run("submit", "ann", text="Subject: hi\n\nhello\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        for path in [drop, *drop.iterdir()]:
            self.assertEqual(path.stat().st_uid, 65534, path)


if __name__ == "__main__":
    unittest.main()
