"""A posta server of a test's own: a quickstart directory, free ports, started, stopped, killed."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DOMAIN = "example.org"
START_SECONDS_MAX = 30


def program():
    """The program under test: $POSTA, else the last release build."""
    here = pathlib.Path(__file__).resolve().parents[2]
    path = os.environ.get("POSTA") or str(here / "build/release/src/app/posta")
    if not os.access(path, os.X_OK):
        raise SystemExit(f"no program at {path}: build it, or set POSTA")
    return path


def free_port_offset():
    """An offset at which the ports of all services are free on loopback."""
    for offset in range(20000 + os.getpid() % 20000, 64000, 200):
        held = []
        try:
            for port in (25, 110, 143, 465, 587, 993, 995):
                held.append(socket.create_server(("127.0.0.1", offset + port)))
            return offset
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise RuntimeError("no free ports")


class Server:
    def __init__(self, accounts=("ann", "bob"), directory=None, settings=""):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="posta-test-"))
        self.directory = pathlib.Path(directory or self.base / "server")
        self.offset = free_port_offset()
        self.smtp_port = self.offset + 25
        self.pop3_port = self.offset + 110
        self.imap_port = self.offset + 143
        self.imaps_port = self.offset + 993
        self.submission_port = self.offset + 587
        self.submissions_port = self.offset + 465
        self.process = None
        self.passwords = {}
        made = self.run(
            "quickstart", "--domain", DOMAIN, "--hostname", "mx.example.org",
            "--listen", "127.0.0.1", "--port-offset", str(self.offset),
            *[word for name in accounts for word in ("--account", name)])
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        for address, password in re.findall(r"^(\S+)  password: (\S+)$", made.stdout, re.M):
            self.passwords[address] = password
        if settings:
            self.configure(settings)

    def configure(self, settings):
        """Adds lines of the form `table.key = value`."""
        path = self.directory / "posta.toml"
        text = path.read_text()
        for line in settings.strip().splitlines():
            name, value = [part.strip() for part in line.split("=", 1)]
            table, _, key = name.rpartition(".")
            text = re.sub(rf"(?ms)(^\[{table}\].*?)^{key} = [^\n]*\n", r"\1", text)
            if f"[{table}]" in text:
                text = text.replace(f"[{table}]", f"[{table}]\n{key} = {value}", 1)
            else:
                text += f"\n[{table}]\n{key} = {value}\n"
        path.write_text(text)

    def run(self, *args, text=None):
        """A command of posta: `run("account", "list")`."""
        return subprocess.run([program(), "--dir", str(self.directory), *args], input=text,
                              capture_output=True, text=True, timeout=120, check=False)

    def start(self):
        self.log = open(self.base / "log", "ab")
        self.process = subprocess.Popen(
            [program(), "serve", "--dir", str(self.directory)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended at start:\n" + self.log_text())
            try:
                with socket.create_connection(("127.0.0.1", self.smtp_port), 5) as peer:
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

    def kill(self):
        self.process.kill()
        self.process.wait(60)
        self.process = None

    def log_text(self):
        return (self.base / "log").read_text(errors="replace")

    def password(self, name):
        return self.passwords[name if "@" in name else f"{name}@{DOMAIN}"]

    def close(self):
        if self.process:
            self.kill()
        shutil.rmtree(self.base, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *unused):
        self.close()
