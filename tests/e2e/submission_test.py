"""Users send mail with the programs that they have: submission, logins of every kind, refusals."""

import base64
import email
import json
import pathlib
import poplib
import smtplib
import ssl
import subprocess
import tempfile
import unittest

from lib.server import DOMAIN, Server

MESSAGE = "From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: {0}\n\nIt works.\n"


class Submission(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Strangers' mistakes must not slow down the others: each test guesses for itself.
        cls.server = Server(accounts=("ann", "bob", "carl", "dora", "eve")).start()
        cls.tls = ssl.create_default_context()
        cls.tls.check_hostname = False
        cls.tls.verify_mode = ssl.CERT_NONE

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def call(self, *words, text=None, fails=False):
        done = subprocess.run([str(word) for word in words], input=text, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def ok(self, *words, text=None):
        done = self.server.run(*words, text=text)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def messages(self, name):
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=30)
        pop3.user(f"{name}@{DOMAIN}")
        pop3.pass_(self.server.password(name))
        found = []
        for number in range(1, pop3.stat()[0] + 1):
            octets = b"\r\n".join(pop3.retr(number)[1]) + b"\r\n"
            found.append(octets.decode())
        pop3.quit()
        return found

    def find(self, name, subject):
        found = [one for one in self.messages(name) if f"Subject: {subject}\r\n" in one]
        self.assertEqual(len(found), 1, f"{subject}: {len(found)}")
        return found[0]

    def swaks(self, *words, user="ann", password=None, fails=False):
        return self.call("swaks", "--from", "ann@example.org", "--to", "bob@example.org",
                         "--ehlo", "laptop.example.net", "--auth-user", f"{user}@{DOMAIN}",
                         "--auth-password", password or self.server.password(user),
                         "--h-From", "ann@example.org", "--body", "hello", *words, fails=fails)

    def session(self, user="ann", password=None):
        smtp = smtplib.SMTP("127.0.0.1", self.server.submission_port, timeout=30)
        smtp.starttls(context=self.tls)
        smtp.login(f"{user}@{DOMAIN}", password or self.server.password(user))
        return smtp

    # --- programs

    def test_swaks_by_starttls_and_each_clear_mechanism(self):
        for mechanism in ("PLAIN", "LOGIN"):
            subject = f"swaks {mechanism} 587"
            said = self.swaks("--server", f"127.0.0.1:{self.server.submission_port}", "-tls",
                              "--auth", mechanism, "--header", f"Subject: {subject}")
            self.assertIn("235 2.7.0", said)
            message = self.find("bob", subject)
            self.assertIn("with ESMTPSA id", message)
            self.assertNotIn("127.0.0.1", message)
            self.assertNotIn("laptop.example.net", message)

    def test_swaks_in_tls_from_the_first_octet(self):
        for mechanism in ("PLAIN", "LOGIN"):
            subject = f"swaks {mechanism} 465"
            self.swaks("--server", f"127.0.0.1:{self.server.submissions_port}", "--tls-on-connect",
                       "--auth", mechanism, "--header", f"Subject: {subject}")
            self.find("bob", subject)

    def test_swaks_with_a_wrong_password(self):
        said = self.swaks("--server", f"127.0.0.1:{self.server.submissions_port}",
                          "--tls-on-connect", "--auth", "PLAIN", password="wrong", fails=True)
        self.assertIn("535 5.7.8", said)

    def test_curl_by_smtps(self):
        url = f"smtps://127.0.0.1:{self.server.submissions_port}"
        user = f"ann@{DOMAIN}:{self.server.password('ann')}"
        message = MESSAGE.format("curl smtps")
        self.call("curl", "-sSk", url, "-u", user, "--mail-from", "ann@example.org", "--mail-rcpt",
                  "bob@example.org", "-T", "-", text=message.replace("\n", "\r\n"))
        found = self.find("bob", "curl smtps")
        self.assertIn("Date: ", found)
        self.assertRegex(found, r"Message-ID: <\S+@mx.example.org>\r\n")
        self.call("curl", "-sSk", url, "-u", f"ann@{DOMAIN}:wrong", "--mail-from",
                  "ann@example.org", "--mail-rcpt", "bob@example.org", "-T", "-", text=message,
                  fails=True)

    def msmtp(self, mechanism, subject, port, *more, fails=False):
        with tempfile.TemporaryDirectory() as home:
            rc = pathlib.Path(home) / "rc"
            rc.write_text("account default\nhost 127.0.0.1\n"
                          f"port {port}\nfrom ann@example.org\nauth {mechanism}\n"
                          f"user ann@{DOMAIN}\npassword {self.server.password('ann')}\n"
                          "tls on\ntls_certcheck off\n" + "".join(one + "\n" for one in more))
            rc.chmod(0o600)
            return self.call("msmtp", "-C", rc, "bob@example.org", text=MESSAGE.format(subject),
                             fails=fails)

    def test_msmtp(self):
        known = self.call("msmtp", "--version")
        for mechanism in ("plain", "login", "scram-sha-1", "scram-sha-256"):
            if mechanism not in known.split("Authentication library")[-1]:
                continue
            self.msmtp(mechanism, f"msmtp {mechanism}", self.server.submission_port)
            self.find("bob", f"msmtp {mechanism}")
        self.msmtp("on", "msmtp 465", self.server.submissions_port, "tls_starttls off")
        self.find("bob", "msmtp 465")

    def test_python(self):
        with self.session() as smtp:
            smtp.sendmail("ann@example.org", ["bob@example.org"], MESSAGE.format("python"))
        self.find("bob", "python")
        with self.assertRaises(smtplib.SMTPAuthenticationError) as no:
            self.session(password="wrong")
        self.assertEqual(no.exception.smtp_code, 535)

    def test_pop3_auth(self):
        url = f"pop3://127.0.0.1:{self.server.pop3_port}/"
        user = f"dora@{DOMAIN}:{self.server.password('dora')}"
        for mechanism in ("PLAIN", "LOGIN"):
            self.call("curl", "-sSk", "--login-options", f"AUTH={mechanism}", "-u", user, url)
        self.call("curl", "-sSk", "--ssl-reqd", "--login-options", "AUTH=PLAIN", "-u", user, url)
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=30)
        self.assertIn("PLAIN", pop3.capa()["SASL"])
        plain = f"\0dora@{DOMAIN}\0{self.server.password('dora')}".encode()
        pop3._shortcmd("AUTH PLAIN " + base64.b64encode(plain).decode())
        self.assertGreaterEqual(pop3.stat()[0], 1)
        pop3.quit()

    # --- what is refused, and what is mended

    def test_nothing_goes_without_a_login(self):
        with smtplib.SMTP("127.0.0.1", self.server.submission_port, timeout=30) as smtp:
            smtp.ehlo()
            self.assertEqual(smtp.mail("ann@example.org")[0], 530)
            smtp.starttls(context=self.tls)
            smtp.ehlo()
            self.assertTrue(smtp.has_extn("auth"))
            self.assertEqual(smtp.mail("ann@example.org")[0], 530)
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=30) as smtp:
            smtp.ehlo()
            self.assertFalse(smtp.has_extn("auth"))
            smtp.mail("ann@example.org")
            self.assertEqual(smtp.rcpt("zoe@example.net")[0], 550)

    def test_nobody_writes_as_somebody_else(self):
        with self.session() as smtp:
            self.assertEqual(smtp.mail("bob@example.org")[0], 553)
            with self.assertRaises(smtplib.SMTPDataError) as no:
                smtp.sendmail("ann@example.org", ["bob@example.org"],
                              "From: bob@example.org\nSubject: forged\n\nhello\n")
            self.assertEqual(no.exception.smtp_code, 550)
        self.ok("account", "grant", "ann@example.org", "boss@example.net")
        self.assertEqual(self.ok("account", "grant", "ann@example.org"), "boss@example.net\n")
        with self.session() as smtp:
            smtp.sendmail("boss@example.net", ["bob@example.org"],
                          "From: boss@example.net\nSubject: granted\n\nhello\n")
        self.find("bob", "granted")
        self.ok("account", "revoke", "ann@example.org", "boss@example.net")
        with self.session() as smtp:
            self.assertEqual(smtp.mail("boss@example.net")[0], 553)

    def test_blind_copies_stay_blind(self):
        with self.session() as smtp:
            smtp.sendmail("ann@example.org", ["bob@example.org", "eve@example.org"],
                          "From: ann@example.org\nBcc: bob@example.org,\n eve@example.org\n"
                          "Subject: blind\n\nhello\n")
        for name in ("bob", "eve"):
            message = self.find(name, "blind")
            parsed = email.message_from_string(message)
            self.assertIsNone(parsed["bcc"])
            self.assertEqual(parsed["to"], "undisclosed-recipients:;")
            other = "eve" if name == "bob" else "bob"
            self.assertNotIn(other, message)

    def test_app_passwords_are_good_for_their_scope(self):
        made = json.loads(self.ok("app-password", "add", "carl@example.org", "Carl's phone",
                                  "--scope", "smtp", "--json"))
        number, password = str(made["number"]), made["password"]
        with self.session("carl", password) as smtp:
            self.assertEqual(smtp.mail("carl@example.org")[0], 250)
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=30)
        pop3.user("carl@example.org")
        with self.assertRaises(poplib.error_proto) as no:
            pop3.pass_(password)
        self.assertIn("[AUTH]", str(no.exception))
        pop3.close()
        listed = json.loads(self.ok("app-password", "list", "carl@example.org", "--json"))
        self.assertEqual([one["name"] for one in listed], ["Carl's phone"])
        self.assertEqual(listed[0]["scopes"], ["smtp"])
        self.assertIsNotNone(listed[0]["used"])
        self.ok("app-password", "remove", "carl@example.org", number)
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.session("carl", password)
        refused = self.server.run("app-password", "remove", "carl@example.org", number)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("no app password", refused.stderr)
        refused = self.server.run("app-password", "add", "carl@example.org", "x", "--scope", "ftp")
        self.assertIn("imap, pop3, smtp", refused.stderr)

    def test_a_disabled_account_is_answered_as_a_wrong_password(self):
        self.ok("account", "set", "dora@example.org", "--disable")
        try:
            with self.assertRaises(smtplib.SMTPAuthenticationError) as no:
                self.session("dora")
            self.assertEqual(no.exception.smtp_code, 535)
        finally:
            self.ok("account", "set", "dora@example.org", "--enable")
        self.session("dora").quit()

    def test_an_owner_changes_the_password(self):
        old = self.server.password("eve")
        refused = self.server.run("account", "password", "eve@example.org", "--change",
                                  text="wrong\na new password\n")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not the password", refused.stderr)
        self.ok("account", "password", "eve@example.org", "--change",
                text=f"{old}\na new password\n")
        self.server.passwords["eve@example.org"] = "a new password"
        with self.assertRaises(smtplib.SMTPAuthenticationError):
            self.session("eve", old)
        self.session("eve").quit()


class Limits(unittest.TestCase):
    def test_who_fails_too_often_waits_and_who_sends_too_much_too(self):
        # smtplib tries PLAIN and then LOGIN: each login with a wrong password fails twice.
        settings = "login.account_failures_max = 4\nsubmission.letters_per_hour = 1"
        with Server(settings=settings) as server:
            tls = ssl.create_default_context()
            tls.check_hostname = False
            tls.verify_mode = ssl.CERT_NONE

            def session(user, password):
                smtp = smtplib.SMTP_SSL("127.0.0.1", server.submissions_port, timeout=30,
                                        context=tls)
                smtp.login(f"{user}@{DOMAIN}", password)
                return smtp

            def code(user, password):
                with self.assertRaises(smtplib.SMTPAuthenticationError) as no:
                    session(user, password)
                return no.exception.smtp_code

            self.assertEqual([code("bob", "wrong"), code("bob", "wrong")], [535, 535])
            self.assertEqual(code("bob", server.password("bob")), 454)
            server.configure("login.account_failures_max = 10")
            server.reload("config.reloaded")
            self.assertNotIn("restart_needed", server.log_text())
            session("bob", server.password("bob")).quit()
            with session("ann", server.password("ann")) as smtp:
                smtp.sendmail("ann@example.org", ["bob@example.org"], MESSAGE.format("one"))
                said = smtp.mail("ann@example.org")
                self.assertEqual(said[0], 450)
                self.assertIn(b"again from", said[1])


if __name__ == "__main__":
    unittest.main()
