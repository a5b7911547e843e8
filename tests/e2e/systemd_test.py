"""packaging/posta.service, as far as it can be tried without systemd as process 1."""

import ctypes
import ctypes.util
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import unittest

from lib.server import Server, program

HERE = pathlib.Path(__file__).resolve().parent
UNIT = HERE.parents[1] / "packaging/posta.service"
# systemd writes this into the journal for what it does not know, and goes on without it.
MAIN_PROCESS_LAUNCHER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from systemd_test import allow_only, allowed_calls
allow_only(allowed_calls())
os.execv(sys.argv[2], sys.argv[2:])
"""


def setting(name):
    return re.findall(rf"(?m)^{name}=(.*)$", UNIT.read_text(encoding="utf-8"))


def groups():
    """Of systemd 252: {"@chown": ["chown", ...]}"""
    lines = (HERE / "systemd_252_calls.txt").read_text(encoding="utf-8").splitlines()
    return {name: calls.split() for name, calls in
            (line.split(": ", 1) for line in lines if line.startswith("@"))}


def expand(words, known):
    for word in words:
        if word.startswith("@"):
            yield from expand(known[word], known)  # KeyError: this systemd does not know it
        else:
            yield word


def allowed_calls():
    """What SystemCallFilter= of the unit leaves: its lines in their order (systemd.exec(5))."""
    known = groups()
    allowed = set(expand(["@default"], known))
    for line in setting("SystemCallFilter"):
        taken_away = line.startswith("~")
        calls = set(expand(line.removeprefix("~").split(), known))
        allowed = allowed - calls if taken_away else allowed | calls
    return allowed


def allow_only(calls):
    """A seccomp filter for this process and what it becomes: all others are EPERM."""
    library = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    allow, refuse = 0x7FFF0000, 0x00050001
    filter_ = ctypes.c_void_p(library.seccomp_init(refuse))
    for name in sorted(calls):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            added = library.seccomp_rule_add(filter_, allow, number, 0)
            assert added == 0, (name, added)
    assert library.seccomp_load(filter_) == 0


def free_low_port():
    for port in range(600, 1024):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise RuntimeError("no free port")


class Unit(unittest.TestCase):
    def test_every_word_of_it_is_known_to_systemd_252(self):
        self.assertEqual(setting("Type"), ["notify"])
        self.assertEqual(setting("ExecReload"), ["/bin/kill -HUP $MAINPID"])
        calls = allowed_calls()
        for call in ("seccomp", "landlock_create_ruleset", "landlock_add_rule",
                     "landlock_restrict_self", "capset", "memfd_create", "execve", "openat"):
            self.assertIn(call, calls)
        for call in ("chown", "setuid", "bpf", "reboot", "mount"):
            self.assertNotIn(call, calls)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_systemd_finds_nothing_wrong_with_it(self):
        folder = Server(accounts=("ann",))
        self.addCleanup(folder.close)
        # What it starts must be there; the network's units are not on every machine.
        text = UNIT.read_text(encoding="utf-8").replace("/usr/bin/posta", program())
        unit = folder.base / "posta.service"
        unit.write_text(text, encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], text=True,
                              capture_output=True, check=False)
        self.assertNotIn("posta.service", done.stderr + done.stdout)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "root makes the filter")
    def test_posta_runs_with_its_sandbox_under_these_calls_and_one_capability(self):
        server = Server(accounts=("ann",))
        self.addCleanup(server.close)
        server.smtp_port = free_low_port()
        server.configure(f'smtp.listen = ["127.0.0.1:{server.smtp_port}"]\nsandbox = "on"')
        own = "all,+net_bind_service"
        server.log = open(server.base / "log", "ab")
        server.process = subprocess.Popen(
            ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs",
             f"--bounding-set=-{own}", f"--inh-caps=-{own}", f"--ambient-caps=-{own}",
             sys.executable, "-c", MAIN_PROCESS_LAUNCHER, str(HERE), program(), "serve", "--dir",
             str(server.directory)],
            stdin=subprocess.DEVNULL, stdout=server.log, stderr=server.log,
            env=os.environ | {"PYTHONPATH": str(HERE.parent), "POSTA": program()})
        server.wait_for_greeting()
        self.assertNotIn("no seccomp", server.log_text())
        self.assertNotIn("no Landlock", server.log_text())
        below = server.processes()
        self.assertEqual(sorted(below.values()), ["posta-helper", "posta-server"])
        status = pathlib.Path(f"/proc/{server.server_pid()}/status").read_text()
        self.assertRegex(status, r"CapEff:\t0+\n")
        self.assertGreater(int(re.search(r"Seccomp_filters:\t(\d+)", status).group(1)), 1)
        self.assertIn("config.reloaded", server.reload("config.reloaded"))
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
