"""What an administrator may let the services do: the switches of [smtp] and [pop3]."""

import poplib
import smtplib
import unittest

from lib.server import DOMAIN, Server


class Services(unittest.TestCase):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)
        self.assertEqual(self.server.run("alias", "add", f"staff@{DOMAIN}", f"ann@{DOMAIN}",
                                         f"bob@{DOMAIN}").returncode, 0)
        self.assertEqual(self.server.run("alias", "add", f"gone@{DOMAIN}",
                                         "ann@example.net").returncode, 0)

    def smtp(self):
        session = smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=30)
        self.addCleanup(session.close)
        session.ehlo("client.example.net")
        session.mail("zoe@example.net")
        return session

    def maildrop(self):
        session = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=30)
        self.addCleanup(session.close)
        session.user(f"ann@{DOMAIN}")
        session.pass_(self.server.password("ann"))
        return session

    def test_as_it_comes(self):
        self.server.start()
        smtp = self.smtp()
        self.assertFalse(smtp.has_extn("expn"))
        self.assertEqual(smtp.expn(f"staff@{DOMAIN}")[0], 502)
        self.assertEqual(smtp.vrfy("ann"), (250, f"2.1.5 <ann@{DOMAIN}>".encode()))
        self.assertEqual(smtp.rcpt(f"gone@{DOMAIN}")[0], 250)
        self.assertEqual(smtp.rcpt(f"nobody@{DOMAIN}")[0], 550)
        self.maildrop()
        with self.assertRaisesRegex(poplib.error_proto, "IN-USE"):
            self.maildrop()

    def test_switched(self):
        self.server.configure('smtp.vrfy = "nobody"\nsmtp.expn = "trusted"\n'
                              'smtp.unknown_recipient = "defer"\nsmtp.announce_forward = true\n'
                              'pop3.exclusive = false\npop3.retr_sets_seen = false\n'
                              'pop3.workarounds = ["oe-ns-eoh", "outlook-no-nuls"]\n')
        self.server.start()
        smtp = self.smtp()
        self.assertTrue(smtp.has_extn("expn"))
        self.assertEqual(smtp.expn(f"staff@{DOMAIN}"), (250, f"2.1.5 <ann@{DOMAIN}>".encode()))
        self.assertEqual(smtp.vrfy("ann")[0], 252)
        self.assertEqual(smtp.rcpt(f"gone@{DOMAIN}"),
                         (251, b"2.1.5 User not local; will forward to <ann@example.net>"))
        self.assertEqual(smtp.rcpt(f"nobody@{DOMAIN}")[:1], (450,))
        self.assertEqual(smtp.rcpt(f"ann@{DOMAIN}")[0], 250)
        self.assertEqual(smtp.data("X-Nothing: but a header\r\n")[0], 250)
        first, second = self.maildrop(), self.maildrop()
        count = first.stat()[0]
        self.assertEqual(second.stat()[0], count)
        self.assertIn(b"", first.retr(count)[1])

    def test_a_word_that_is_none_is_named(self):
        self.server.configure('pop3.workarounds = ["oe"]\n')
        done = self.server.run("check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("oe-ns-eoh", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
