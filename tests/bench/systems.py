"""The systems that are measured, all with the same few verbs: posta, and what they share."""

import pathlib
import poplib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import process
from lib import server

ACCOUNTS = 20
START_SECONDS_MAX = 30
LAST_WORDS = 20  # lines


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def ehlo(port):
    """True if a server at this port greets and answers EHLO."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as peer:
            lines = peer.makefile("rb")
            if not lines.readline().startswith(b"220 "):
                return False
            peer.sendall(b"EHLO load.example.net\r\n")
            while True:
                line = lines.readline()
                if not line.startswith(b"250"):
                    return False
                if line[3:4] == b" ":
                    peer.sendall(b"QUIT\r\n")
                    return True
    except OSError:
        return False


class System:
    """A mail server in a directory of its own that takes mail for user0 … at example.org."""

    name = ""
    pop3_port = None
    imap_port = None
    pop3s_port = None

    def __init__(self, base):
        base.mkdir(parents=True, exist_ok=True)
        self.base = pathlib.Path(tempfile.mkdtemp(prefix=self.name.replace(" ", "") + "-",
                                                  dir=base))
        self.base.chmod(0o755)  # servers drop to users of their own
        self.processes = []

    def launch(self):
        """Starts the processes; does not wait."""
        raise NotImplementedError

    def mail(self):
        """The folder where the messages end up."""
        raise NotImplementedError

    def visible(self):
        """How many messages are in the mailboxes."""
        raise NotImplementedError

    def explain_stall(self):
        """Where the letters are that do not leave."""
        return "it is not known why"

    def start(self):
        """Starts; the seconds until the first reply to EHLO."""
        began = time.monotonic()
        self.launch()
        while not ehlo(self.smtp_port):
            if time.monotonic() - began > START_SECONDS_MAX:
                raise RuntimeError(f"{self.name} did not start; see {self.base}")
            if any(one.poll() is not None for one in self.processes):
                raise RuntimeError(f"{self.name} ended at start; see {self.base}")
            time.sleep(0.0005)
        return time.monotonic() - began

    def stop(self):
        for one in reversed(self.processes):
            process.end(one)
        self.processes = []

    def close(self):
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, failed, *unused):
        """The folder goes; if something failed, the end of what the server said is shown first."""
        if failed:
            self.stop()
            for path in (path for path in (self.base / "log", self.base / "output")
                         if path.is_file()):
                lines = path.read_text(errors="replace").splitlines()
                print(f"--- {self.name} said at the end:", *lines[-LAST_WORDS:], sep="\n",
                      file=sys.stderr)
        self.close()

    def pids(self):
        return [one.pid for one in self.processes]

    def cpu_seconds(self):
        return process.cpu_seconds(self.pids())

    def disk_octets(self):
        return process.disk_octets(self.mail())


class Posta(System):
    name = "posta"

    def __init__(self, base, accounts=ACCOUNTS):
        super().__init__(base)
        tempfile.tempdir = str(self.base)
        try:
            # Hundreds of connections to one account, from one address: for figures, not for mail.
            self.server = server.Server([f"user{i}" for i in range(accounts)],
                                        settings="imap.sessions_per_account_max = 10000\n"
                                                 "imap.sessions_per_address_max = 10000")
        finally:
            tempfile.tempdir = None
        self.smtp_port, self.pop3_port = self.server.smtp_port, self.server.pop3_port
        self.imap_port = self.server.imap_port
        self.pop3s_port = self.server.pop3s_port
        self.accounts = accounts

    def launch(self):
        with open(self.base / "log", "ab") as log:
            self.processes = [subprocess.Popen(
                [server.program(), "serve", "--dir", str(self.server.directory)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)]

    def mail(self):
        found = re.search(r'(?m)^\[store\][^\[]*?^directory = "([^"]+)"',
                          (self.server.directory / "posta.toml").read_text())
        return self.server.directory / (found.group(1) if found else "store")

    def credentials(self, number):
        return f"user{number}@{server.DOMAIN}", self.server.password(f"user{number}")

    def login(self, number):
        session = poplib.POP3("127.0.0.1", self.pop3_port, 60)
        session.user(f"user{number}@{server.DOMAIN}")
        session.pass_(self.server.password(f"user{number}"))
        return session

    def visible(self):
        count = 0
        for number in range(self.accounts):
            session = self.login(number)
            count += session.stat()[0]
            session.quit()
        return count


class Sink:
    """Where relays send to (smtp_sink.cc)."""

    def __init__(self, base, program):
        base.mkdir(parents=True, exist_ok=True)
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="sink-", dir=base))
        self.file = self.base / "arrivals"
        self.process = subprocess.Popen([program, "--arrivals", self.file],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline())

    def count(self):
        return self.file.stat().st_size // 16

    def arrivals(self):
        """[(number of the message, nanoseconds of the monotonic clock)]"""
        return list(struct.iter_unpack("qq", self.file.read_bytes()[:16 * self.count()]))

    def close(self):
        self.process.kill()
        self.process.wait(10)
        shutil.rmtree(self.base, ignore_errors=True)


class PostaRelay(Posta):
    """posta with aliases that lead to another host, and the sink as its relay host."""

    def __init__(self, base, sink):
        super().__init__(base, accounts=1)
        for number in range(1, ACCOUNTS):
            done = self.server.run("alias", "add", f"user{number}@{server.DOMAIN}",
                                   f"user{number}@elsewhere.example")
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
        self.server.run("account", "remove", f"user0@{server.DOMAIN}")
        self.server.run("alias", "add", f"user0@{server.DOMAIN}", "user0@elsewhere.example")
        self.server.configure(f'relayhost = "[127.0.0.1]:{sink.port} tls=none"')
