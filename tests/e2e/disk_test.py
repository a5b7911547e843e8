"""A disk that is short, full, or read-only: mail is put off, never lost, nothing is half there."""

import base64
import json
import os
import pathlib
import poplib
import smtplib
import subprocess
import tempfile
import time
import unittest

from lib.server import DOMAIN, Server
from lib.sink import Sink

RELAY = "127.0.0.4"
RETRIES_SECONDS = 6  # several pauses, as these tests set them


def mounted(octets):
    """A small disk of its own, or None where nobody may mount."""
    path = tempfile.mkdtemp(prefix="posta-disk-")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={octets}", "posta", path],
                          capture_output=True, check=False)
    return path if done.returncode == 0 else None


@unittest.skipUnless(os.geteuid() == 0, "mounting a small disk needs root")
class Disk(unittest.TestCase):
    def setUp(self):
        self.disk = mounted(800 << 20)
        if not self.disk:
            self.skipTest("this machine mounts no tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=False)

    def server(self, settings):
        server = Server(accounts=("ann",), directory=self.disk + "/server", settings=settings)
        self.addCleanup(server.close)
        return server

    def send(self, server, number, octets):
        """The reply code, and what came of it."""
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as smtp:
            try:
                # What no compression makes smaller.
                body = base64.encodebytes(os.urandom(octets)).replace(b"\n", b"\r\n")
                smtp.sendmail("x@example.net", ["ann@example.org"],
                              b"Subject: number %d\r\n\r\n" % number + body)
                return 250, b""
            except smtplib.SMTPResponseException as refused:
                return refused.smtp_code, refused.smtp_error

    def numbers(self, server):
        pop3 = poplib.POP3("127.0.0.1", server.pop3_port, timeout=60)
        pop3.user(f"ann@{DOMAIN}")
        pop3.pass_(server.password("ann"))
        found = []
        for n in range(1, pop3.stat()[0] + 1):
            for line in pop3.top(n, 0)[1]:
                if line.startswith(b"Subject: number "):
                    found.append(int(line.split()[-1]))
        pop3.quit()
        return found

    def test_little_free_disk_says_452_and_deletes_still_work(self):
        server = self.server('store.disk_free_min = "100GiB"')
        server.start()
        code, words = self.send(server, 1, 100)
        self.assertEqual((code, words[:5]), (452, b"4.3.1"))
        pop3 = poplib.POP3("127.0.0.1", server.pop3_port, timeout=60)
        pop3.user(f"ann@{DOMAIN}")
        pop3.pass_(server.password("ann"))
        before = pop3.stat()[0]
        if before:
            pop3.dele(1)
        pop3.quit()
        pop3 = poplib.POP3("127.0.0.1", server.pop3_port, timeout=60)
        pop3.user(f"ann@{DOMAIN}")
        pop3.pass_(server.password("ann"))
        self.assertEqual(pop3.stat()[0], max(0, before - 1))
        pop3.quit()

    def test_a_full_disk_puts_mail_off_and_space_brings_it_back(self):
        server = self.server('store.disk_free_min = "1KiB"')
        server.start()
        accepted, refused = [], []
        filler = pathlib.Path(self.disk) / "filler"
        for number in range(1, 200):
            if number == 3:
                with open(filler, "wb") as file:
                    try:
                        while True:
                            file.write(b"\0" * (1 << 20))
                    except OSError:
                        pass
                os.truncate(filler, filler.stat().st_size - (3 << 20))
            code, words = self.send(server, number, 200_000)
            if code == 250:
                accepted.append(number)
            else:
                self.assertIn(code, (451, 452), words)
                self.assertTrue(words.startswith((b"4.3.0", b"4.3.1")), words)
                refused.append(number)
            if len(refused) >= 3:
                break
        self.assertTrue(refused, "the disk was never full: this proves nothing")
        filler.unlink()
        for number in range(1000, 1200):
            code, words = self.send(server, number, 1000)
            if code == 250:
                accepted.append(number)
                break
        self.assertEqual(accepted[-1] // 1000, 1, "with space again, mail is taken again")
        self.assertEqual(self.numbers(server), accepted)
        server.kill()
        server.start()
        self.assertEqual(self.numbers(server), accepted, "and over a kill")
        self.assertEqual(server.stop(), 0)
        checked = server.run("check", "--store")
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def relaying(self):
        """A server that owes ann's letter to good and bad, whom its relay host puts off."""
        self.sink = Sink(address=RELAY, port=0)
        self.addCleanup(self.sink.close)
        self.sink.judge = lambda sender, recipient: "451 4.3.0 later"
        server = self.server(f"""relayhost = "[{RELAY}]:{self.sink.port}"
queue.retry_first = "1s"
queue.retry_max = "2s"
store.disk_free_min = "1KiB"
""")
        server.run("alias", "add", "out@example.org", "good@far.example", "bad@far.example")
        server.start()
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as smtp:
            smtp.sendmail("ann@example.org", ["out@example.org"], b"Subject: once\r\n\r\nx\r\n")
        self.until(lambda: any(line.startswith("RCPT") for line in self.sink.lines))
        return server

    def until(self, look):
        end = time.monotonic() + 60
        while not look():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def owed(self, server):
        letters = json.loads(server.run("queue", "list", "--json").stdout)
        return sorted(one["to"] for letter in letters for one in letter["owed"])

    def let_in_good(self):
        self.sink.judge = lambda sender, recipient: (
            "550 5.1.1 no" if recipient.startswith("bad") else "250 2.1.5 ok")

    def test_on_a_short_disk_a_letter_that_left_is_not_sent_again_for_its_report(self):
        server = self.relaying()
        server.run("queue", "hold", "--all")
        server.stop()
        server.configure('store.disk_free_min = "100GiB"')
        self.let_in_good()
        server.start()
        server.run("queue", "release", "--all")  # both are due at one moment
        self.until(lambda: self.sink.letters)
        time.sleep(RETRIES_SECONDS)
        self.assertEqual(len(self.sink.letters), 1)
        self.assertEqual(self.owed(server), ["bad@far.example"])
        server.stop()
        server.configure('store.disk_free_min = "1KiB"')
        server.start()
        self.until(lambda: not self.owed(server))
        self.assertIn("550 5.1.1 no", server.wait_for_mail("ann")[0])
        self.assertEqual(len(self.sink.letters), 1)

    def test_on_a_full_disk_no_letter_is_sent_twice(self):
        server = self.relaying()
        filler = pathlib.Path(self.disk) / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * (1 << 16))
            except OSError:
                pass
        self.let_in_good()
        time.sleep(RETRIES_SECONDS)
        filler.unlink()
        self.until(lambda: not self.owed(server))
        self.assertEqual(len(self.sink.letters), 1)

    def test_a_read_only_disk_is_said_at_start(self):
        server = self.server("")
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        done = server.run("serve")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "(?i)read-only")


if __name__ == "__main__":
    unittest.main()
