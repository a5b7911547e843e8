"""What the supervisor promises: what dies is started again, what is asked to end ends cleanly."""

import os
import poplib
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from lib.server import DOMAIN, Server, is_running, program, wait_until

LAUNCHER = r"""
import os, socket, sys
# Opens sockets as systemd does: from descriptor 3 on, with LISTEN_* in the environment.
count = int(sys.argv[1])
for n in range(count):
    host, port, name = sys.argv[2 + n].split("/")
    one = socket.create_server((host, int(port)))
    os.dup2(one.fileno(), 10 + n)
for n in range(count):
    os.dup2(10 + n, 3 + n)
    os.close(10 + n)
    os.set_inheritable(3 + n, True)
os.environ["LISTEN_FDS"] = str(count)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDNAMES"] = ":".join(one.split("/")[2] for one in sys.argv[2:2 + count])
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""


def send(port, subject, to="ann@example.org"):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        smtp.sendmail("x@example.net", [to], f"Subject: {subject}\r\n\r\nhello\r\n")


class Supervised(unittest.TestCase):
    settings = ""

    def setUp(self):
        self.server = Server(accounts=("ann",), settings=self.settings)
        self.addCleanup(self.server.close)

    def messages(self):
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
        pop3.user(f"ann@{DOMAIN}")
        pop3.pass_(self.server.password("ann"))
        count = pop3.stat()[0]
        pop3.quit()
        return count


class Supervisor(Supervised):
    def test_there_are_three_processes_and_only_the_server_has_threads(self):
        self.server.start()
        below = self.server.processes()
        self.assertEqual(sorted(below.values()), ["posta-helper", "posta-server"])
        helper = next(pid for pid, name in below.items() if name == "posta-helper")
        self.assertEqual(len(os.listdir(f"/proc/{self.server.process.pid}/task")), 1)
        self.assertEqual(len(os.listdir(f"/proc/{helper}/task")), 1)
        self.assertGreater(len(os.listdir(f"/proc/{self.server.server_pid()}/task")), 1)

    def test_a_server_that_was_killed_is_replaced_and_its_mail_is_there(self):
        self.server.start()
        send(self.server.smtp_port, "before")
        self.server.kill_server()
        send(self.server.smtp_port, "after")
        self.assertEqual(self.messages(), 3)  # and the welcome
        self.assertIn('end="signal 9 (Killed)"', self.server.log_text())
        self.assertEqual(self.server.stop(), 0)

    def test_no_connection_is_refused_while_the_server_is_replaced(self):
        self.server.start()
        refused, greeted, stop = [], [], threading.Event()

        def call():
            while not stop.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", self.server.smtp_port), 30) as peer:
                        greeted.append(peer.recv(3))
                except ConnectionRefusedError as error:
                    refused.append(error)
                except OSError:
                    pass  # it was one of those that the server had accepted when it was killed

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        for _ in range(3):
            self.server.kill_server()
        stop.set()
        for caller in callers:
            caller.join()
        self.assertEqual(refused, [])
        self.assertIn(b"220", greeted)

    def test_a_helper_that_was_killed_is_replaced_and_the_server_goes_on(self):
        self.server.start()
        before = self.server.processes()
        helper = next(pid for pid, name in before.items() if name == "posta-helper")
        server = self.server.server_pid()
        os.kill(helper, signal.SIGKILL)
        wait_until(lambda: [pid for pid, name in self.server.processes().items()
                            if name == "posta-helper" and pid != helper and is_running(pid)],
                   "another helper")
        self.assertEqual(self.server.server_pid(), server)
        self.assertIn("process=helper", self.server.log_text())
        self.assertEqual(self.server.stop(), 0)

    def test_the_children_of_a_supervisor_that_was_killed_end(self):
        self.server.start()
        below = self.server.processes()
        self.assertEqual(len(below), 2)
        self.server.kill()  # waits for them
        self.assertFalse([pid for pid in below if is_running(pid)])
        self.server.start()
        self.assertEqual(self.server.stop(), 0)

    def test_term_ends_it_cleanly_with_a_letter_in_flight(self):
        self.server.start()
        with socket.create_connection(("127.0.0.1", self.server.smtp_port), 60) as peer:
            lines = peer.makefile("rwb", buffering=0)
            self.assertEqual(lines.readline()[:3], b"220")
            for command in (b"HELO x.example.net", b"MAIL FROM:<x@example.net>",
                            b"RCPT TO:<ann@example.org>", b"DATA"):
                lines.write(command + b"\r\n")
                self.assertIn(lines.readline()[:3], (b"250", b"354"))
            lines.write(b"Subject: in flight\r\n\r\n")
            self.server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: "server.stopping" in self.server.log_text(), "the stop")
            lines.write(b"it arrives\r\n.\r\n")
            self.assertEqual(lines.readline()[:3], b"250")
            self.assertEqual(lines.readline()[:3], b"421")
        self.assertEqual(self.server.process.wait(60), 0)
        self.server.process = None
        self.server.start()
        self.assertEqual(self.messages(), 2)

    def test_ctrl_c_of_a_terminal_ends_it_cleanly_too(self):
        self.server.start(start_new_session=True)
        with socket.create_connection(("127.0.0.1", self.server.smtp_port), 60) as peer:
            self.assertEqual(peer.recv(3), b"220")
            os.killpg(self.server.process.pid, signal.SIGINT)  # as a terminal does
            self.assertEqual(self.server.process.wait(60), 0)
        self.server.process = None
        self.assertIn("server.stopped", self.server.log_text())

    def test_a_start_that_fails_says_why_once_and_ends(self):
        with socket.create_server(("127.0.0.1", self.server.pop3_port)):
            done = self.server.run("serve")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("taken by another program"), 1, done.stderr)
        self.assertNotIn("died", done.stderr)

    def test_without_a_supervisor_one_process_serves(self):
        self.server.start("--no-supervisor")
        self.assertEqual(self.server.processes(), {})
        send(self.server.smtp_port, "alone")
        self.assertEqual(self.messages(), 2)
        self.assertEqual(self.server.stop(), 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can drop privileges")
    def test_the_server_is_somebody_without_privileges_and_the_helper_has_few(self):
        self.server.start()

        def status(pid):
            text = open(f"/proc/{pid}/status", encoding="ascii").read()
            return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

        server = status(self.server.server_pid())
        self.assertEqual(set(server["Uid"].split()), {"65534"})
        self.assertEqual(server["Groups"].split(), [])
        self.assertEqual(int(server["CapPrm"], 16) | int(server["CapBnd"], 16), 0)
        self.assertEqual((server["NoNewPrivs"], server["Seccomp"]), ("1", "2"))
        helper = next(pid for pid, name in self.server.processes().items()
                      if name == "posta-helper")
        self.assertEqual(int(status(helper)["CapEff"], 16), 1 << 10 | 1 << 2)

    @unittest.skipUnless(os.geteuid() == 0, "only root can drop privileges")
    def test_root_does_not_serve_unless_it_is_said(self):
        self.server.configure('user = "nobody-at-all"')
        done = self.server.run("serve")
        self.assertEqual(done.returncode, 1)
        self.assertIn("useradd --system", done.stderr)
        self.server.configure('user = "posta-test-no-such"')
        self.assertIn("useradd --system", self.server.run("check").stdout)


class CrashLoop(Supervised):
    settings = 'supervisor.crashes_max = 2\nsupervisor.pause_max = "0s"'

    def test_a_server_that_dies_again_and_again_is_given_up(self):
        self.server.start()
        self.server.kill_server()
        self.server.kill_server()
        os.kill(self.server.server_pid(), signal.SIGKILL)
        self.assertEqual(self.server.process.wait(60), 1)
        self.server.process = None
        self.assertIn("gave_up", self.server.log_text())
        self.assertIn("supervisor.crashes_max", self.server.log_text())


class Hang(Supervised):
    settings = 'supervisor.hang_max = "1s"\nsupervisor.pause_max = "0s"'

    def test_a_server_that_stands_still_is_killed_and_replaced(self):
        self.server.start()
        self.server.run("status")  # it answers once it has said that it is ready
        before = self.server.server_pid()
        os.kill(before, signal.SIGSTOP)
        wait_until(lambda: not is_running(before), "the end of the one that hangs")
        self.server.wait_for_greeting()
        self.assertIn("process.hung", self.server.log_text())


class Reload(Supervised):
    def hang_up(self, event):
        """SIGHUP, until the log says what came of it."""
        before = self.server.log_text().count(event)
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.server.log_text().count(event) > before, event)

    def greeting(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as peer:
                return peer.recv(3)
        except ConnectionError:
            return None

    def test_ports_open_and_close_while_sessions_go_on(self):
        usual, extra = self.server.smtp_port, self.server.offset + 26
        self.server.start()
        self.assertIsNone(self.greeting(extra))
        with smtplib.SMTP("127.0.0.1", usual, timeout=60) as session:
            session.ehlo("x.example.net")
            self.server.configure(
                f'smtp.listen = ["127.0.0.1:{usual}", "127.0.0.1:{extra}"]')
            self.hang_up("config.reloaded")
            wait_until(lambda: self.greeting(extra) == b"220", "the new port")
            server = self.server.server_pid()
            self.server.kill_server()
            self.assertNotEqual(self.server.server_pid(), server)
            send(extra, "by the new port, to a new server")
        with smtplib.SMTP("127.0.0.1", extra, timeout=60) as session:
            session.ehlo("x.example.net")
            self.server.configure(f'smtp.listen = ["127.0.0.1:{usual}"]')
            self.hang_up("config.reloaded")
            wait_until(lambda: self.greeting(extra) is None, "the end of the port")
            session.sendmail("x@example.net", ["ann@example.org"], "Subject: a\r\n\r\ngoes on\r\n")
        self.assertEqual(self.messages(), 3)
        self.assertEqual(self.server.stop(), 0)

    def other_certificate(self):
        other = Server(accounts=("eve",))
        self.addCleanup(other.close)
        return {name: (other.directory / "tls" / name).read_bytes()
                for name in ("cert.pem", "key.pem")}

    def served_certificate(self):
        return ssl.get_server_certificate(("127.0.0.1", self.server.imaps_port))

    def test_a_new_certificate_is_served_though_the_server_cannot_read_it(self):
        self.server.start()
        before = self.served_certificate()
        for name, octets in self.other_certificate().items():
            path = self.server.directory / "tls" / name
            path.unlink()
            path.write_bytes(octets)  # by root: of root, for root alone
            path.chmod(0o600)
        self.hang_up("config.reloaded")
        self.assertNotEqual(self.served_certificate(), before)
        after = self.served_certificate()
        self.server.kill_server()
        self.assertEqual(self.served_certificate(), after)
        self.assertEqual(self.server.stop(), 0)

    def test_a_key_of_another_certificate_is_refused_and_the_old_stays(self):
        self.server.start()
        before = self.served_certificate()
        (self.server.directory / "tls/key.pem").write_bytes(self.other_certificate()["key.pem"])
        self.hang_up("config.refused")
        self.assertEqual(self.served_certificate(), before)
        self.server.kill_server()  # the next one starts with what was good
        self.assertEqual(self.served_certificate(), before)

    def test_a_wrong_configuration_is_refused_and_the_old_stays(self):
        self.server.start()
        path = self.server.directory / "posta.toml"
        path.write_text(path.read_text() + "\n[smpt]\nlisten = []\n")
        self.hang_up("config.refused")
        self.assertIn("unknown key smpt.listen", self.server.log_text())
        self.server.kill_server()
        send(self.server.smtp_port, "still here")

    def test_the_supervisor_logs_as_the_new_configuration_says(self):
        self.server.start()
        self.server.configure('log.format = "json"')
        self.hang_up("app.config.reloaded")
        self.server.kill_server()
        self.assertIn('"event":"app.process.died"', self.server.log_text())

    def test_a_port_that_another_program_has_is_refused_and_the_old_stay(self):
        self.server.start()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.server.configure(f'smtp.listen = ["127.0.0.1:{self.server.smtp_port}", '
                                  f'"127.0.0.1:{port}"]')
            self.hang_up("config.refused")
        send(self.server.smtp_port, "still here")


class ServiceManager(Supervised):
    """Plays systemd: listens for notifications, hands over sockets."""

    def notifications(self):
        path = tempfile.mktemp(prefix="posta-notify-")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(path)
        os.chmod(path, 0o777)
        listener.settimeout(30)
        self.addCleanup(os.unlink, path)
        self.addCleanup(listener.close)
        return listener, path

    def heard_until(self, listener, wanted):
        heard = []
        while not any(wanted in one for one in heard):
            heard.append(listener.recv(4096).decode())
        return heard

    def test_it_hears_of_the_start_the_reload_and_the_end(self):
        listener, path = self.notifications()
        self.server.start(env=dict(os.environ, NOTIFY_SOCKET=path))
        ready = self.heard_until(listener, "READY=1")[-1]
        self.assertIn("STATUS=Serving smtp 127.0.0.1", ready)
        self.server.process.send_signal(signal.SIGHUP)
        reloading = self.heard_until(listener, "RELOADING=1")[-1]
        self.assertRegex(reloading, r"MONOTONIC_USEC=\d{6,}")
        self.heard_until(listener, "READY=1")
        self.server.process.send_signal(signal.SIGTERM)
        self.heard_until(listener, "STOPPING=1")
        self.assertEqual(self.server.process.wait(60), 0)
        self.server.process = None

    def test_the_watchdog_hears_of_life_and_of_nothing_else(self):
        listener, path = self.notifications()
        self.server.start(env=dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="400000"))
        self.heard_until(listener, "WATCHDOG=1")
        self.heard_until(listener, "WATCHDOG=1")
        # A server that stands still says nothing: what was on its way is heard, then silence.
        os.kill(self.server.server_pid(), signal.SIGSTOP)
        listener.settimeout(3)
        with self.assertRaises(TimeoutError):
            for _ in range(10):
                listener.recv(4096)
        os.kill(self.server.server_pid(), signal.SIGCONT)
        listener.settimeout(30)
        self.heard_until(listener, "WATCHDOG=1")

    def start_with(self, *sockets):
        log = open(self.server.base / "log", "ab")
        self.addCleanup(log.close)
        self.server.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(len(sockets)), *sockets,
             program(), "serve", "--dir", str(self.server.directory)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def test_sockets_that_it_opened_are_served(self):
        extra = self.server.offset + 26
        self.start_with(f"127.0.0.1/{self.server.smtp_port}/whatever", f"127.0.0.1/{extra}/smtp")
        self.server.wait_for_greeting()
        send(self.server.smtp_port, "by its address")
        send(extra, "by its name")
        self.assertEqual(self.messages(), 3)
        self.server.kill_server()
        send(extra, "after a crash")
        self.assertEqual(self.server.stop(), 0)

    def test_a_socket_that_is_for_nothing_is_refused(self):
        self.start_with(f"127.0.0.1/{self.server.offset + 27}/web")
        self.assertEqual(self.server.process.wait(60), 1)
        self.server.process = None
        self.assertIn("is for no service", self.server.log_text())


if __name__ == "__main__":
    unittest.main()
