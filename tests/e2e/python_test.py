"""Python's smtplib and poplib, and raw octets: exactness, refusals, what survives a restart."""

import email.message
import poplib
import random
import smtplib
import socket
import unittest

from lib.server import DOMAIN, Server


class Mail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(accounts=("ann", "bob", "carl", "dora", "emma", "fred", "gina"))
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def smtp(self):
        return smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60)

    def pop3(self, name):
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
        pop3.user(f"{name}@{DOMAIN}")
        pop3.pass_(self.server.password(name))
        return pop3

    def raw(self, octets, port=None):
        """Says it all at once and hears everything until the server closes."""
        with socket.create_connection(("127.0.0.1", port or self.server.smtp_port), 30) as peer:
            peer.sendall(octets)
            peer.shutdown(socket.SHUT_WR)
            heard = b""
            while chunk := peer.recv(65536):
                heard += chunk
        return heard.decode()

    def body(self, pop3, number):
        octets = b"\r\n".join(pop3.retr(number)[1]) + b"\r\n"
        return octets[octets.index(b"\r\n\r\n") + 4:]

    def test_a_message_is_kept_octet_for_octet(self):
        rng = random.Random(7)
        lines = [bytes(rng.choices(b".abc \x00\xff\xc3\xa4", k=rng.randrange(0, 200)))
                 for _ in range(2000)] + [b".", b"..", b"...", b"", b"From x"]
        body = b"\r\n".join(lines) + b"\r\n"
        with self.smtp() as smtp:
            smtp.sendmail("bob@example.net", ["ann@example.org"], b"Subject: octets\r\n\r\n" + body,
                          mail_options=["BODY=8BITMIME"])
        pop3 = self.pop3("ann")
        self.assertEqual(self.body(pop3, pop3.stat()[0]), body)
        pop3.quit()

    def test_ten_megabytes_survive(self):
        body = (b"0123456789abcdef" * 4 + b"\r\n") * (10 * 1024 * 1024 // 66)
        with self.smtp() as smtp:
            smtp.sendmail("bob@example.net", ["bob@example.org"], b"Subject: big\r\n\r\n" + body)
        pop3 = self.pop3("bob")
        number, octets = pop3.stat()
        self.assertEqual(self.body(pop3, number), body)
        listed = int(pop3.list(number).split()[2])
        message = b"\r\n".join(pop3.retr(number)[1]) + b"\r\n"
        self.assertEqual(listed, len(message), "LIST says the size in octets")
        pop3.quit()

    def test_several_recipients_and_the_envelope_not_the_header_decide(self):
        message = email.message.EmailMessage()
        message["From"], message["To"] = "x@example.net", "somebody-else@example.com"
        message["Subject"] = "to three"
        message.set_content("hello\n")
        with self.smtp() as smtp:
            refused = smtp.send_message(message, "x@example.net",
                                        ["carl@example.org", "nobody@example.org",
                                         "dora+news@example.org", "x@example.com"])
        self.assertEqual(refused["nobody@example.org"][0], 550)
        self.assertIn(b"5.1.1", refused["nobody@example.org"][1])
        self.assertEqual(refused["x@example.com"][0], 550)
        self.assertIn(b"5.7.1", refused["x@example.com"][1], "never an open relay")
        for name in ("carl", "dora"):
            pop3 = self.pop3(name)
            self.assertIn(b"to three", b"".join(pop3.retr(pop3.stat()[0])[1]))
            pop3.quit()

    def test_postmaster_is_always_accepted(self):
        with self.smtp() as smtp:
            smtp.ehlo()
            for path in ("<Postmaster>", "<postmaster@example.org>", "<ABUSE@example.org>"):
                smtp.mail("<>")
                self.assertEqual(smtp.docmd("RCPT TO:" + path)[0], 250, path)
                smtp.rset()

    def test_a_session_typed_by_hand_works(self):
        said = self.raw(b"helo me\nmail from: x@example.net\nrcpt to: emma\ndata\n"
                        b"Subject: by hand\n\nhello\n.\nquit\n")
        codes = [line[:3] for line in said.splitlines()]
        self.assertEqual(codes, ["220", "250", "250", "250", "354", "250", "221"], said)
        pop3 = self.pop3("emma")
        self.assertIn(b"Subject: by hand", pop3.retr(pop3.stat()[0])[1])
        pop3.quit()

    def test_smuggling_is_refused_and_nothing_of_it_is_obeyed(self):
        for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r"):
            said = self.raw(b"EHLO relay.example.net\r\nMAIL FROM:<x@example.net>\r\n"
                            b"RCPT TO:<fred@example.org>\r\nDATA\r\nSubject: a\r\n\r\nhello" +
                            end + b"MAIL FROM:<evil@example.net>\r\n"
                            b"RCPT TO:<fred@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\n"
                            b"bad\r\n.\r\nQUIT\r\n")
            lines = [line for line in said.splitlines() if line[3:4] == " "]
            self.assertEqual([line[:9] for line in lines[-2:]], ["550 5.6.0", "221 2.0.0"], said)
        pop3 = self.pop3("fred")
        self.assertEqual(pop3.stat()[0], 1, "only the welcome message")
        pop3.quit()

    def test_a_message_too_big_is_refused_and_the_session_goes_on(self):
        self.server.run("account", "add", "big@example.org")
        with self.smtp() as smtp:
            smtp.ehlo()
            self.assertEqual(smtp.docmd("MAIL FROM:<x@example.net> SIZE=99999999999")[0], 552)
            self.assertEqual(smtp.docmd("MAIL FROM:<x@example.net>")[0], 250)

    def test_utf8_addresses(self):
        made = self.server.run("account", "add", "gr\u00fc\u00df@example.org")
        self.assertEqual(made.returncode, 0, made.stderr)
        with self.smtp() as smtp:
            smtp.ehlo()
            self.assertIn("smtputf8", smtp.esmtp_features)
            smtp.sendmail("b\u00f6b@example.net", ["gr\u00fc\u00df@example.org"],
                          "Subject: gr\u00fc\u00df dich\r\n\r\nhallo\r\n".encode(),
                          mail_options=["SMTPUTF8", "BODY=8BITMIME"])

    def test_uidl_and_mail_survive_a_restart_and_a_kill(self):
        pop3 = self.pop3("gina")
        before = pop3.uidl()[1]
        pop3.quit()
        self.assertEqual(self.server.stop(), 0, "SIGTERM ends the server cleanly")
        self.server.start()
        with self.smtp() as smtp:
            smtp.sendmail("x@example.net", ["gina@example.org"], b"Subject: two\r\n\r\nhello\r\n")
        self.server.kill()
        self.server.start()
        pop3 = self.pop3("gina")
        after = pop3.uidl()[1]
        pop3.quit()
        self.assertEqual(after[:1], before)
        self.assertEqual(len(after), 2)

    def test_pop3_deletes_only_by_quit(self):
        self.server.run("account", "add", "hans@example.org", "--password-stdin", "--force",
                        text="secret password\n")
        self.server.passwords["hans@example.org"] = "secret password"
        with self.smtp() as smtp:
            for n in range(3):
                smtp.sendmail("x@example.net", ["hans@example.org"],
                              b"Subject: %d\r\n\r\nhello\r\n" % n)
        pop3 = self.pop3("hans")
        pop3.dele(1)
        pop3.close()
        pop3 = self.pop3("hans")
        self.assertEqual(pop3.stat()[0], 3)
        pop3.dele(1)
        pop3.dele(3)
        pop3.rset()
        pop3.dele(2)
        pop3.quit()
        pop3 = self.pop3("hans")
        self.assertEqual(pop3.stat()[0], 2)
        self.assertIn(b"Subject: 2", pop3.retr(2)[1])
        self.assertEqual([b"Subject: 2", b""], pop3.top(2, 0)[1][-2:])

    def test_pop3_tells_a_second_session_and_a_wrong_password(self):
        first = self.pop3("ann")
        with self.assertRaisesRegex(poplib.error_proto, r"\[IN-USE\]"):
            self.pop3("ann")
        first.quit()
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
        pop3.user("ann@example.org")
        with self.assertRaisesRegex(poplib.error_proto, r"\[AUTH\]"):
            pop3.pass_("wrong")
        pop3.close()
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
        pop3.user("ann")  # the bare local part of the default domain
        pop3.pass_(self.server.password("ann"))
        pop3.quit()


if __name__ == "__main__":
    unittest.main()
