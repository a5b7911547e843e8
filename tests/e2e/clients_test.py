"""Programs that people use: what they send arrives, what they fetch is what was sent."""

import pathlib
import poplib
import subprocess
import tempfile
import unittest

from lib.server import DOMAIN, Server

MESSAGE = "From: Bob <bob@example.net>\r\nTo: ann@example.org\r\nSubject: {0}\r\n\r\nIt works.\r\n"


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(accounts=("ann", "bob", "carl", "dora")).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def call(self, *words, text=None):
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def pop3(self, name):
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=30)
        pop3.user(f"{name}@{DOMAIN}")
        pop3.pass_(self.server.password(name))
        return pop3

    def last_message(self, name):
        pop3 = self.pop3(name)
        octets = b"\r\n".join(pop3.retr(pop3.stat()[0])[1]) + b"\r\n"
        pop3.quit()
        return octets.decode()

    def test_swaks_sends_a_letter_with_pipelining(self):
        self.call("swaks", "--server", f"127.0.0.1:{self.server.smtp_port}", "--pipeline",
                  "--from", "bob@example.net", "--to", "ann@example.org",
                  "--ehlo", "host.example.net",
                  "--header", "Subject: by swaks", "--body", "hello")
        message = self.last_message("ann")
        self.assertIn("Subject: by swaks\r\n", message)
        self.assertTrue(message.startswith("Return-Path: <bob@example.net>\r\n"
                                           "Delivered-To: ann@example.org\r\n"
                                           "Received: from host.example.net ([127.0.0.1])"),
                        message)

    def test_curl_sends_and_reads(self):
        smtp = f"smtp://127.0.0.1:{self.server.smtp_port}"
        pop3 = f"pop3://127.0.0.1:{self.server.pop3_port}/"
        user = f"bob@{DOMAIN}:{self.server.password('bob')}"
        self.call("curl", "-sS", smtp, "--mail-from", "eve@example.net", "--mail-rcpt",
                  "bob@example.org", "-T", "-", text=MESSAGE.format("by curl"))
        listing = self.call("curl", "-sS", "-u", user, pop3)
        self.assertEqual(len(listing.split("\n")[:2]), 2)  # the welcome, and this one
        self.assertIn("Subject: by curl", self.call("curl", "-sS", "-u", user, pop3 + "2"))
        self.call("curl", "-sS", "-u", user, "-X", "DELE 2", "--head", pop3)
        self.assertEqual(self.pop3("bob").stat()[0], 1)

    def test_curl_reads_by_top_and_uidl(self):
        user = f"dora@{DOMAIN}:{self.server.password('dora')}"
        pop3 = f"pop3://127.0.0.1:{self.server.pop3_port}/"
        self.assertRegex(self.call("curl", "-sS", "-u", user, "-X", "UIDL", pop3),
                         r"^1 [!-~]{1,70}")
        top = self.call("curl", "-sS", "-u", user, "-X", "TOP 1 0", pop3)
        self.assertIn("Subject: Welcome", top)
        self.assertNotIn("your user name", top)

    def test_msmtp_sends(self):
        self.call("msmtp", "--host=127.0.0.1", f"--port={self.server.smtp_port}", "--tls=off",
                  "--auth=off", "--from=bob@example.net", "ann@example.org",
                  text=MESSAGE.format("by msmtp").replace("\r\n", "\n"))
        self.assertIn("Subject: by msmtp\r\n", self.last_message("ann"))

    def test_fetchmail_takes_the_mail_and_removes_it(self):
        with tempfile.TemporaryDirectory() as home:
            box = pathlib.Path(home) / "box"
            mda = pathlib.Path(home) / "mda"
            mda.write_text(f"#!/bin/sh\ncat >> {box}\n")
            mda.chmod(0o700)
            rc = pathlib.Path(home) / "rc"
            rc.write_text(f"poll 127.0.0.1 proto POP3 service {self.server.pop3_port}\n"
                          f"  user \"carl@{DOMAIN}\" password \"{self.server.password('carl')}\"\n"
                          f"  no keep sslproto '' mda \"{mda}\"\n")
            rc.chmod(0o600)
            done = subprocess.run(
                ["fetchmail", "-f", str(rc), "--pidfile", f"{home}/pid", "--nosyslog", "-v"],
                env={"HOME": home, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
                capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("Subject: Welcome to example.org", box.read_text())
        self.assertEqual(self.pop3("carl").stat()[0], 0)


if __name__ == "__main__":
    unittest.main()
