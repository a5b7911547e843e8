"""What an administrator types: commands with the server running and stopped, and mistakes."""

import json
import pathlib
import poplib
import smtplib
import subprocess
import tempfile
import unittest

from lib.server import Server, program


class Commands(unittest.TestCase):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)

    def ok(self, *args, text=None):
        done = self.server.run(*args, text=text)
        self.assertEqual(done.returncode, 0, f"{args}: {done.stdout}{done.stderr}")
        return done.stdout

    def refused(self, *args, says, code=1, text=None):
        done = self.server.run(*args, text=text)
        self.assertEqual(done.returncode, code, f"{args}: {done.stdout}{done.stderr}")
        self.assertIn(says, done.stderr + done.stdout)

    def both(self, body):
        """The same with the server stopped and running."""
        body()
        self.server.start()
        body()

    def test_accounts_aliases_and_domains_live_and_offline(self):
        def body():
            self.ok("domain", "add", "example.com")
            self.ok("account", "add", "zoe@example.com", "--name", "Zoe", "--quota", "1MiB")
            self.refused("account", "add", "ZOE@example.com", says="zoe@example.com")
            self.ok("alias", "add", "team@example.com", "zoe@example.com", "ann@example.org")
            self.ok("alias", "add", "away@example.com", "x@elsewhere.example")
            self.ok("alias", "remove", "away@example.com")
            listed = json.loads(self.ok("account", "list", "--json"))
            self.assertEqual([one["address"] for one in listed],
                             ["zoe@example.com", "ann@example.org"], "by domain, then by name")
            self.assertEqual(listed[0]["quota_octets"], 1 << 20)
            self.assertIn("team@example.com: zoe@example.com ann@example.org",
                          self.ok("alias", "list"))
            self.refused("domain", "remove", "example.com", says="example.com")
            self.ok("alias", "remove", "team@example.com")
            self.ok("account", "set", "zoe@example.com", "--disable")
            self.assertIn("disabled", self.ok("account", "show", "zoe@example.com"))
            self.ok("account", "remove", "zoe@example.com")
            self.refused("account", "show", "zoe@example.com", says="zoe@example.com")
            self.ok("domain", "remove", "example.com")
            self.assertEqual(json.loads(self.ok("queue", "list", "--json")), [])

        self.both(body)

    def test_a_full_mailbox_says_452_4_2_2(self):
        self.server.start()
        self.ok("account", "set", "ann@example.org", "--quota", "4KiB")
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60) as smtp:
            # One may overshoot; the next is put off at RCPT.
            smtp.sendmail("x@example.net", ["ann@example.org"],
                          b"Subject: a\r\n\r\n" + b"x\r\n" * 2000)
            smtp.mail("<x@example.net>")
            code, words = smtp.rcpt("<ann@example.org>")
            self.assertEqual((code, words[:5]), (452, b"4.2.2"))

    def test_mistakes_are_explained(self):
        self.refused("acount", "list", says="did you mean account?", code=64)
        self.refused("account", "list", "--jsn", says="--help", code=64)
        self.refused("account", "add", "no-domain@", says="not an address")
        self.refused("account", "add", "x@elsewhere.example", says="elsewhere.example")
        self.refused("account", "add", "short@example.org", "--password-stdin", text="abc\n",
                     says="8")
        config = self.server.directory / "posta.toml"
        whole = config.read_text()
        line = whole.splitlines().index("[smtp]") + 2
        config.write_text(whole.replace("[smtp]\n", "[smtp]\nlistn = [\"*:25\"]\n"))
        self.refused("check", says=f"posta.toml:{line}: unknown key smtp.listn; "
                                   "did you mean smtp.listen?")
        self.refused("serve", says="did you mean smtp.listen?")
        config.write_text(whole.replace("[smtp]\n", '[smtp]\nmessage_octets_max = "50 bananas"\n'))
        self.refused("serve", says="expected a size")

    def test_two_servers_do_not_share_a_directory(self):
        self.server.start()
        second = self.server.run("serve")
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"is running in {self.server.directory} already: process "
                      f"{self.server.process.pid}", second.stderr)

    def test_check_finds_nothing_in_a_fresh_directory_and_verifies_the_store(self):
        self.assertNotIn("WRONG", self.ok("check", "--store"))
        self.server.start()
        self.assertIn("running", self.ok("check"))

    def test_check_says_what_is_wrong(self):
        self.server.directory.chmod(0o755)
        self.refused("check", says="chmod 700")

    def test_who_typed_wrong_passwords_is_let_in_with_a_new_one(self):
        self.server.configure("login.account_failures_max = 2")
        self.server.start()

        def login(password):
            session = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
            session.user("ann@example.org")
            try:
                session.pass_(password)
                session.quit()
                return "ok"
            except poplib.error_proto as error:
                return str(error)

        def shut_out():
            for _ in range(2):
                self.assertIn("AUTH", login("wrong"))
            self.assertIn("SYS/TEMP", login(self.server.password("ann")))

        self.assertNotIn("refused until", self.ok("account", "show", "ann"))
        shut_out()
        self.assertRegex(self.ok("account", "show", "ann"), "logins +refused until 20.*Z, for too")
        self.assertRegex(json.loads(self.ok("account", "show", "ann", "--json"))
                         ["logins_refused_until"], "^20")
        self.ok("account", "password", "ann", "--password-stdin", text="a new secret\n")
        self.assertNotIn("refused until", self.ok("account", "show", "ann"))
        self.assertEqual(login("a new secret"), "ok")
        self.ok("account", "add", "bob")
        self.server.passwords["ann@example.org"] = "a new secret"

    def test_an_app_password_lets_in_too(self):
        self.server.configure("login.account_failures_max = 3")
        self.server.start()
        for _ in range(3):
            with self.assertRaises(poplib.error_proto):
                session = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
                session.user("ann@example.org")
                session.pass_("wrong")
        self.server.stop()  # offline too: the store has noted it
        self.assertIn("refused until", self.ok("account", "show", "ann"))
        made = json.loads(self.ok("app-password", "add", "ann", "phone", "--json"))
        self.assertNotIn("refused until", self.ok("account", "show", "ann"))
        self.server.start()
        session = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
        session.user("ann@example.org")
        session.pass_(made["password"])
        session.quit()

    def test_what_leads_nowhere_now_is_warned_of(self):
        self.ok("account", "add", "bob")
        self.ok("alias", "add", "team", "ann", "bob", "bob+x", "x@elsewhere.example")
        self.ok("alias", "add", "all", "team")
        self.ok("alias", "add", "other", "ann")
        done = self.server.run("account", "set", "bob", "--disable")
        self.assertIn("warning: team@example.org: bob@example.org is switched off", done.stderr)
        done = self.server.run("account", "remove", "bob")
        for line in ("team@example.org: bob@example.org does not exist here",
                     "team@example.org: bob+x@example.org does not exist here",
                     "all@example.org: bob@example.org does not exist here"):
            self.assertIn(f"posta: warning: {line}\n", done.stderr)
        self.assertNotIn("other", done.stderr)
        found = self.ok("check")
        self.assertEqual(found.count("mail that goes nowhere: team@example.org: "), 2, found)
        done = self.server.run("alias", "remove", "team")
        self.assertIn("warning: all@example.org: team@example.org does not exist here", done.stderr)
        self.ok("domain", "set", "example.org", "--catch-all", "ann")
        self.ok("account", "add", "zoe")
        self.ok("domain", "set", "example.org", "--catch-all", "zoe")
        done = self.server.run("account", "remove", "zoe")
        self.assertIn("warning: unknown names of example.org: zoe@example.org does not exist here",
                      done.stderr)

    def test_alias_show_says_where_any_address_leads(self):
        self.ok("alias", "add", "info", "ann")
        self.ok("alias", "add", "sales-*", "ann", "x@elsewhere.example")
        for name, says in (
                ("info", "info@example.org: ann@example.org\n"),
                ("sales-2", "sales-*@example.org: ann@example.org x@elsewhere.example\n"),
                ("ann", "ann@example.org: ann@example.org (an account)\n"),
                ("ann+shop", "ann+shop@example.org: ann@example.org (an account)\n"),
                ("postmaster", "postmaster@example.org: ann@example.org "
                               "(who answers for the domain)\n")):
            self.assertEqual(self.ok("alias", "show", name), says)
        self.refused("alias", "show", "nobody", says="nobody@example.org does not exist here")
        self.refused("alias", "show", "x@far.example", says="far.example is not a domain of this")
        self.ok("domain", "set", "example.org", "--catch-all", "ann")
        self.assertEqual(self.ok("alias", "show", "nobody"),
                         "nobody@example.org: ann@example.org (the catch-all of example.org)\n")
        self.assertEqual(json.loads(self.ok("alias", "show", "nobody", "--json"))["is"],
                         "the catch-all of example.org")

    def test_bare_names_of_a_domain_are_in_it(self):
        self.ok("domain", "add", "example.com")
        self.ok("account", "add", "bob@example.com")
        self.assertIn("postmaster bob@example.com",
                      self.ok("domain", "set", "example.com", "--postmaster", "bob"))
        self.assertIn("unknown names to bob@example.com",
                      self.ok("domain", "set", "example.com", "--catch-all", "bob"))
        self.refused("domain", "set", "example.com", "--catch-all", "@", says="not an address: @")

    def test_help_and_version_take_what_they_can_use(self):
        self.refused("version", "foo", says="version takes no foo", code=64)
        for words in (("account",), ("serve",), ("tool",), ("check",), ("account", "add")):
            self.assertEqual(self.ok("help", *words), self.ok(*words, "--help"))
        self.refused("help", "acount", says="did you mean account?", code=64)
        self.assertIn("sandbox-probe", self.ok("tool", "--help"))
        self.assertIn("imap,smtp", self.ok("app-password", "add", "--help"))

    def test_config_says_what_counts_when(self):
        self.assertIn("when: counts from the next start\n",
                      self.ok("config", "explain", "mailbox.retention"))
        self.assertIn("when: counts from the next start\n", self.ok("config", "explain", "log.to"))
        self.assertIn("when: counts from the next reload",
                      self.ok("config", "explain", "smtp.recipients_max"))
        self.assertRegex(self.ok("config", "show"),
                         r"# how long expunged mail .*; counts from the next start\nretention")
        self.assertFalse(json.loads(self.ok("config", "explain", "loops", "--json"))["live"])

    def test_config_show_can_be_read_back(self):
        shown = self.ok("config", "show")
        (self.server.directory / "posta.toml").write_text(shown)
        self.assertEqual(self.ok("config", "show"), shown)
        self.assertIn("552 5.3.4", self.ok("config", "explain", "smtp.message_octets_max"))

    def test_quickstart_touches_nothing_that_exists(self):
        self.refused("quickstart", "--domain", "example.org", says="not empty")

    def test_tool_mime_prints_what_imap_would_say(self):
        with tempfile.NamedTemporaryFile(suffix=".eml") as file:
            file.write(b"From: a@example.org\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9F?=\r\n"
                       b"Content-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n")
            file.flush()
            told = json.loads(self.ok("tool", "mime", file.name))
        self.assertIn("gr\u00fc\u00df", json.dumps(told, ensure_ascii=False))
        self.assertIn('"TEXT" "PLAIN"', json.dumps(told).replace('\\"', '"').upper())

    def test_version_and_help_need_no_directory(self):
        for word in ("version", "help"):
            done = subprocess.run([program(), word], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0)
            self.assertIn("posta", done.stdout)
        done = subprocess.run([program(), "serve"], capture_output=True, text=True, check=False,
                              env={})
        self.assertIn("--dir", done.stderr)

    def test_the_log_is_lines_or_json(self):
        self.server.configure('log.format = "json"')
        self.server.start()
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60) as smtp:
            smtp.sendmail("x@example.net", ["ann@example.org"], b"Subject: a\r\n\r\nhello\r\n")
        self.server.stop()
        events = [json.loads(line) for line in self.server.log_text().splitlines()]
        names = [event["event"] for event in events]
        self.assertIn("app.server.started", names)
        self.assertIn("queue.recipient.delivered", names)
        self.assertEqual(names[-1], "app.server.stopped")


class Files(unittest.TestCase):
    def test_the_directory_is_its_owners_alone(self):
        server = Server(accounts=("ann",))
        self.addCleanup(server.close)
        self.assertEqual(server.directory.stat().st_mode & 0o777, 0o700)
        for path in pathlib.Path(server.directory).rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main()
