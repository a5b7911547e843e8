"""A posta server of a test's own: a quickstart directory, free ports, started, stopped, killed."""

import os
import pathlib
import poplib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DOMAIN = "example.org"
# Run by root, the server drops to a user as it would in earnest. This one is on every machine.
USER = "nobody"
START_SECONDS_MAX = 30
PORTS = (25, 110, 143, 465, 587, 993, 995, 9925)


def program():
    """The program under test: $POSTA, else the last release build."""
    here = pathlib.Path(__file__).resolve().parents[2]
    path = os.environ.get("POSTA") or str(here / "build/release/src/app/posta")
    if not os.access(path, os.X_OK):
        raise SystemExit(f"no program at {path}: build it, or set POSTA")
    return path


def free_port_offset():
    """An offset at which the ports of all services are free on loopback."""
    for offset in range(20000 + os.getpid() % 20000, 55000, 200):
        held = []
        try:
            for port in PORTS:
                held.append(socket.create_server(("127.0.0.1", offset + port)))
            return offset
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise RuntimeError("no free ports")


def processes_below(pid):
    """The processes that `pid` has started, and theirs: {pid: name}."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = path.read_text().rpartition(")")
        except OSError:
            continue
        number, _, name = head.partition(" (")
        found[int(number)] = (int(tail.split()[1]), name)
    below, wanted = {}, {pid}
    while wanted:
        more = {child for child, (parent, _) in found.items() if parent in wanted}
        below.update({child: found[child][1] for child in more})
        wanted = more
    return below


def is_running(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def wait_until(true, what, seconds=START_SECONDS_MAX):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(f"not in {seconds} s: {what}")
        time.sleep(0.005)


class Server:
    """`address`: of loopback, where it listens; `offset` must be free there."""

    def __init__(self, accounts=("ann", "bob"), directory=None, settings="", domain=DOMAIN,
                 hostname="mx.example.org", address="127.0.0.1", offset=None):
        self.domain, self.address = domain, address
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="posta-test-"))
        self.base.chmod(0o755)  # the server's user must be able to reach its directory
        user = ("--user", USER) if os.geteuid() == 0 else ()
        self.directory = pathlib.Path(directory or self.base / "server")
        self.offset = offset or free_port_offset()
        self.smtp_port = self.offset + 25
        self.pop3_port = self.offset + 110
        self.imap_port = self.offset + 143
        self.imaps_port = self.offset + 993
        self.submission_port = self.offset + 587
        self.submissions_port = self.offset + 465
        self.metrics_port = self.offset + 9925
        self.pop3s_port = self.offset + 995
        self.process = None
        self.passwords = {}
        made = self.run(
            "quickstart", "--domain", domain, "--hostname", hostname,
            "--listen", address, "--port-offset", str(self.offset), *user,
            *[word for name in accounts for word in ("--account", name)])
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        for address, password in re.findall(r"^(\S+)  password: (\S+)$", made.stdout, re.M):
            self.passwords[address] = password
        if settings:
            self.configure(settings)

    def configure(self, settings):
        """Adds lines of the form `table.key = value` or `key = value`."""
        path = self.directory / "posta.toml"
        text = path.read_text()
        for line in settings.strip().splitlines():
            name, value = [part.strip() for part in line.split("=", 1)]
            table, _, key = name.rpartition(".")
            if not table:
                text = f"{key} = {value}\n" + re.sub(rf"(?m)^{key} = [^\n]*\n", "", text, count=1)
                continue
            text = re.sub(rf"(?ms)(^\[{table}\](?:(?!^\[).)*?)^{key} = [^\n]*\n", r"\1", text)
            if f"[{table}]" in text:
                text = text.replace(f"[{table}]", f"[{table}]\n{key} = {value}", 1)
            else:
                text += f"\n[{table}]\n{key} = {value}\n"
        path.write_text(text)

    def run(self, *args, text=None):
        """A command of posta: `run("account", "list")`."""
        return subprocess.run([program(), "--dir", str(self.directory), *args], input=text,
                              capture_output=True, text=True, timeout=120, check=False)

    def start(self, *options, **more):
        """Starts it and waits for its greeting. Options of `posta serve`, arguments of Popen."""
        self.log = open(self.base / "log", "ab")
        self.process = subprocess.Popen(
            [program(), "serve", "--dir", str(self.directory), *options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, **more)
        self.wait_for_greeting()
        return self

    def wait_for_greeting(self):
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended at start:\n" + self.log_text())
            try:
                with socket.create_connection((self.address, self.smtp_port), 5) as peer:
                    if peer.recv(3) == b"220":
                        return self
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("the server did not start in time")

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process = None
        return code

    def reload(self, says):
        """SIGHUP, and then the line of the log that has `says`."""
        before = len(self.log_text())
        self.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            for line in self.log_text()[before:].splitlines(keepends=True):
                if says in line and line.endswith("\n"):
                    return line
            time.sleep(0.01)
        raise RuntimeError(f"the log did not say {says}:\n{self.log_text()[before:]}")

    def kill(self):
        """SIGKILL to the process that was started; the others must die of it."""
        below = self.processes()
        self.process.kill()
        self.process.wait(60)
        self.process = None
        for pid, name in below.items():
            wait_until(lambda pid=pid: not is_running(pid), f"the end of {name}")

    def processes(self):
        """Those of this server that the started one has started: {pid: name}."""
        return processes_below(self.process.pid)

    def server_pid(self):
        """The process that serves: under a supervisor it is a child."""
        found = [pid for pid, name in self.processes().items()
                 if name == "posta-server" and is_running(pid)]
        return found[0] if found else self.process.pid

    def kill_server(self):
        """SIGKILL to the process that serves; its supervisor must start another one."""
        victim = self.server_pid()
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: not is_running(victim), "the end of the server")
        wait_until(lambda: self.server_pid() not in (victim, self.process.pid), "another server")
        self.wait_for_greeting()

    def log_text(self):
        return (self.base / "log").read_text(errors="replace")

    def password(self, name):
        return self.passwords[name if "@" in name else f"{name}@{self.domain}"]

    def inbox(self, name):
        """The messages of an account, whole, as text, without the welcome."""
        session = poplib.POP3(self.address, self.pop3_port, 60)
        try:
            session.user(name if "@" in name else f"{name}@{self.domain}")
            session.pass_(self.password(name))
            count = session.stat()[0]
            texts = [b"\n".join(session.retr(n + 1)[1]).decode(errors="replace")
                     for n in range(count)]
        finally:
            session.quit()
        return [text for text in texts if "Subject: Welcome" not in text]

    def wait_for_mail(self, name, count=1, seconds=30):
        """The inbox, once it has so many messages."""
        end = time.monotonic() + seconds
        while len(found := self.inbox(name)) < count:
            if time.monotonic() > end:
                raise AssertionError(f"{name}: {len(found)} of {count} messages\n" +
                                     self.log_text()[-3000:])
            time.sleep(0.05)
        return found

    def close(self):
        if self.process:
            self.kill()
        shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.close()
