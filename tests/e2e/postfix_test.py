"""posta and Postfix send mail to each other.

Postfix is unpacked below build/peers, as for the benchmark. Without root, or without Debian's
packages at hand, these tests are skipped and say why.
"""

import os
import pathlib
import pwd
import smtplib
import sys
import time
import unittest

from lib.names import Names
from lib.server import Server, free_port_offset

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/bench"))

import peers  # noqa: E402

POSTA, POSTFIX = "127.0.0.2", "127.0.0.5"


class Neighbour(peers.Postfix):
    """`postfix.example`, on an address of its own; what is not its own goes to posta."""

    def __init__(self, base, root, port):
        super().__init__(base, root)
        etc, mail = self.base / "etc", pwd.getpwnam("mail")
        master = (etc / "master.cf").read_text()
        (etc / "master.cf").write_text(
            master.replace(f"127.0.0.1:{self.smtp_port}", f"{POSTFIX}:{port}"))
        (etc / "recipients").write_text("joe@postfix.example joe/\n")
        with (etc / "main.cf").open("a") as settings:
            settings.write(f"myhostname = mx.postfix.example\ninet_interfaces = {POSTFIX}\n"
                           f"virtual_mailbox_domains = postfix.example\n"
                           f"relayhost = [{POSTA}]:{port}\nsmtp_bind_address = {POSTFIX}\n"
                           f"virtual_uid_maps = static:{mail.pw_uid}\n")
        for path in etc.iterdir():
            os.utime(path, (time.time() - 60, time.time() - 60))
        self.port = port

    def inbox(self):
        folder = self.base / "mail/joe/new"
        return [path.read_text() for path in folder.iterdir()] if folder.is_dir() else []


class Postfix(unittest.TestCase):
    def setUp(self):
        try:
            root = peers.unpack(REPOSITORY / "build/peers")
        except peers.Absent as why:
            self.skipTest(f"no Postfix: {why}")
        offset = free_port_offset()
        self.names = Names(mx=[("postfix.example", "mx.postfix.example", 10)],
                           hosts=[("mx.postfix.example", POSTFIX)])
        self.addCleanup(self.names.close)
        self.posta = Server(
            domain="posta.example", hostname="mx.posta.example", address=POSTA, offset=offset,
            settings=f"""\
dns.servers = ["127.0.0.1:{self.names.port}"]
dns.dnssec = "off"
outbound.port = {offset + 25}
outbound.loopback_hosts = true
queue.retry_first = "1s"
""")
        self.addCleanup(self.posta.close)
        self.postfix = Neighbour(REPOSITORY / "build/e2e", root, offset + 25)
        self.addCleanup(self.postfix.close)
        self.postfix.launch()
        self.posta.start()

    def send(self, address, recipient, sender):
        end = time.monotonic() + 30
        while True:
            try:
                with smtplib.SMTP(address, self.postfix.port, "client.example", 30) as session:
                    session.sendmail(sender, [recipient],
                                     f"From: {sender}\r\nTo: {recipient}\r\nSubject: hello\r\n\r\n"
                                     "A line.\r\n.A dot.\r\n")
                return
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def test_posta_sends_to_postfix(self):
        self.posta.run("alias", "add", "joe@posta.example", "joe@postfix.example")
        self.send(POSTA, "joe@posta.example", "ann@posta.example")
        end = time.monotonic() + 30
        while not self.postfix.inbox():
            self.assertLess(time.monotonic(), end, self.posta.log_text()[-3000:])
            time.sleep(0.05)
        text = self.postfix.inbox()[0]
        self.assertIn("A line.\n.A dot.\n", text)
        self.assertIn("from mx.posta.example", text)
        self.assertIn("by mx.posta.example", text)

    def test_postfix_sends_to_posta(self):
        self.send(POSTFIX, "ann@posta.example", "joe@postfix.example")
        text = self.posta.wait_for_mail("ann")[0]
        self.assertIn("A line.\n.A dot.", text)
        self.assertIn("by mx.postfix.example (Postfix)", text)
        self.assertIn("Return-Path: <joe@postfix.example>", text)

    def test_what_postfix_refuses_is_reported_by_posta(self):
        self.posta.run("alias", "add", "gone@posta.example", "gone@postfix.example")
        self.send(POSTA, "gone@posta.example", "ann@posta.example")
        report = self.posta.wait_for_mail("ann")[0]
        self.assertIn("Remote-MTA: dns; mx.postfix.example", report)
        self.assertIn("Action: failed", report)

    def test_what_posta_refuses_is_reported_by_postfix(self):
        self.send(POSTFIX, "gone@posta.example", "joe@postfix.example")
        end = time.monotonic() + 30
        while not self.postfix.inbox():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        self.assertIn("550 5.1.1", self.postfix.inbox()[0])


if __name__ == "__main__":
    unittest.main()
