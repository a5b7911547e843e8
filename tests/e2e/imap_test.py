"""IMAP clients that people use, against the real program."""

import email
import imaplib
import os
import pathlib
import pty
import random
import re
import select
import subprocess
import tempfile
import time
import unittest

from lib.server import DOMAIN, Server

MESSAGE = "From: Bob <bob@example.net>\r\nTo: ann@example.org\r\nSubject: {0}\r\n\r\nIt works.\r\n"
SYNC_ROUNDS = 12
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Imap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(accounts=("ann", "bob", "carl", "dora", "eve", "fred")).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def call(self, *words, text=None, env=None):
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=120,
                              check=False, env=env)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def login(self, name):
        imap = imaplib.IMAP4("127.0.0.1", self.server.imap_port, timeout=60)
        imap.login(f"{name}@{DOMAIN}", self.server.password(name))
        return imap

    def ok(self, answer):
        self.assertEqual(answer[0], "OK", answer)
        return answer[1]

    # --- curl

    def test_curl_saves_lists_searches_and_reads(self):
        user = f"ann@{DOMAIN}:{self.server.password('ann')}"
        url = f"imap://127.0.0.1:{self.server.imap_port}/"
        with tempfile.NamedTemporaryFile("w", newline="") as file:
            file.write(MESSAGE.format("by curl"))
            file.flush()
            self.call("curl", "-sS", "-u", user, "-T", file.name, url + "Drafts")
        self.assertIn("Drafts", self.call("curl", "-sS", "-u", user, url))
        self.assertIn("* SEARCH 1", self.call("curl", "-sS", "-u", user,
                                              url + "Drafts?SUBJECT%20curl"))
        self.assertIn("Subject: by curl", self.call("curl", "-sS", "-u", user,
                                                    url + "Drafts;MAILINDEX=1"))
        self.assertIn("It works.", self.call("curl", "-sS", "-u", user,
                                             url + "Drafts;UID=1;SECTION=TEXT"))

    def test_curl_by_tls(self):
        user = f"ann@{DOMAIN}:{self.server.password('ann')}"
        for words in (["-k", f"imaps://127.0.0.1:{self.server.imaps_port}/INBOX;MAILINDEX=1"],
                      ["-k", "--ssl-reqd",
                       f"imap://127.0.0.1:{self.server.imap_port}/INBOX;MAILINDEX=1"]):
            self.assertIn("Subject: Welcome", self.call("curl", "-sS", "-u", user, *words))

    # --- Python

    def test_imaplib_goes_through_all_that_it_can(self):
        imap = self.login("bob")
        self.assertIn(b" IDLE ", self.ok(imap.capability())[0])
        self.ok(imap.noop())
        self.ok(imap.create("Work/2020"))
        self.ok(imap.rename("Work/2020", "Work/2021"))
        self.ok(imap.subscribe("Work/2021"))
        self.assertIn(b"Work/2021", b"".join(self.ok(imap.lsub('""', "Work/*"))))
        self.ok(imap.unsubscribe("Work/2021"))
        self.ok(imap.namespace())
        self.ok(imap.getquotaroot("INBOX"))
        self.assertEqual(imap.setquota('""', "(STORAGE 1)")[0], "NO")
        for number in range(3):
            self.ok(imap.append("Work/2021", r"(\Flagged)", imaplib.Time2Internaldate(1e9),
                                MESSAGE.format(f"number {number}").encode()))
        self.assertEqual(self.ok(imap.select("Work/2021")), [b"3"])
        self.ok(imap.check())
        self.assertEqual(self.ok(imap.search(None, "SUBJECT", '"number 1"')), [b"2"])
        self.assertEqual(self.ok(imap.uid("SEARCH", "FLAGGED")), [b"1 2 3"])
        fetched = self.ok(imap.fetch("2", "(UID BODY.PEEK[] ENVELOPE BODYSTRUCTURE)"))
        self.assertEqual(email.message_from_bytes(fetched[0][1])["Subject"], "number 1")
        self.assertIn(rb"\Seen", b"".join(self.ok(imap.store("1", "+FLAGS", r"(\Seen)"))))
        self.ok(imap.copy("1:2", "Archive"))
        self.ok(imap.store("1", "+FLAGS", r"(\Deleted)"))
        self.assertEqual(self.ok(imap.expunge()), [b"1"])
        self.ok(imap.uid("MOVE", "3", "Trash"))
        self.assertIn(b"MESSAGES 1", self.ok(imap.status("Work/2021", "(MESSAGES UNSEEN)"))[0])
        self.ok(imap.close())
        self.ok(imap.delete("Work/2021"))
        self.assertEqual(self.ok(imap.select("Archive", readonly=True)), [b"2"])
        imap.logout()

    def test_imaplib_by_tls(self):
        imap = imaplib.IMAP4("127.0.0.1", self.server.imap_port, timeout=60)
        self.ok(imap.starttls())
        self.assertNotIn("STARTTLS", imap.capabilities)
        imap.login(f"bob@{DOMAIN}", self.server.password("bob"))
        imap.logout()
        imap = imaplib.IMAP4_SSL("127.0.0.1", self.server.imaps_port, timeout=60)
        password = self.server.password("bob")
        self.ok(imap.authenticate("PLAIN", lambda _: f"\0bob@{DOMAIN}\0{password}".encode()))
        imap.logout()

    def test_a_letter_reaches_who_idles(self):
        imap = self.login("eve")
        self.ok(imap.select("INBOX"))
        imap.send(b"i IDLE\r\n")
        self.assertTrue(imap.readline().startswith(b"+"))
        self.call("curl", "-sS", f"smtp://127.0.0.1:{self.server.smtp_port}", "--mail-from",
                  "bob@example.net", "--mail-rcpt", f"eve@{DOMAIN}", "-T", "-",
                  text=MESSAGE.format("wake up"))
        self.assertEqual(imap.readline(), b"* 2 EXISTS\r\n")
        self.assertRegex(imap.readline(), rb"^\* \d+ RECENT\r\n$")
        imap.send(b"DONE\r\n")
        self.assertTrue(imap.readline().startswith(b"i OK"))
        imap.logout()

    # --- fetchmail, s-nail, mutt

    def test_fetchmail_takes_the_mail_and_removes_it(self):
        with tempfile.TemporaryDirectory() as home:
            box, mda, rc = (pathlib.Path(home) / name for name in ("box", "mda", "rc"))
            mda.write_text(f"#!/bin/sh\ncat >> {box}\n")
            mda.chmod(0o700)
            rc.write_text(f"poll 127.0.0.1 proto IMAP service {self.server.imap_port}\n"
                          f"  user \"carl@{DOMAIN}\" password \"{self.server.password('carl')}\"\n"
                          f"  no keep expunge 1 sslproto '' mda \"{mda}\"\n")
            rc.chmod(0o600)
            self.call("fetchmail", "-f", str(rc), "--pidfile", f"{home}/pid", "--nosyslog", "-v",
                      env={"HOME": home, "PATH": PATH})
            self.assertIn("Subject: Welcome to example.org", box.read_text())
        imap = self.login("carl")
        self.assertEqual(self.ok(imap.select("INBOX")), [b"0"])
        imap.logout()

    def test_s_nail_reads(self):
        with tempfile.TemporaryDirectory() as home:
            rc = pathlib.Path(home) / "rc"
            rc.write_text("set v15-compat\nset noheader\n"
                          f"set user=dora@{DOMAIN} password={self.server.password('dora')}\n")
            said = self.call("s-nail", "-:u", "-R", "-f",
                             f"imap://dora%40{DOMAIN}@127.0.0.1:{self.server.imap_port}/INBOX",
                             text="type 1\nexit\n",
                             env={"HOME": home, "PATH": PATH, "MAILRC": str(rc), "TERM": "dumb"})
            self.assertIn("Welcome to example.org", said)

    def test_mutt_reads_and_copies(self):
        with tempfile.TemporaryDirectory() as home:
            out, rc = pathlib.Path(home) / "out", pathlib.Path(home) / "rc"
            rc.write_text(f"set imap_user=dora@{DOMAIN}\n"
                          f"set imap_pass={self.server.password('dora')}\n"
                          f"set folder=imap://127.0.0.1:{self.server.imap_port}/\n"
                          "set ssl_starttls=no\nset ssl_force_tls=no\nset sort=mailbox-order\n"
                          "unset wait_key\nset confirmappend=no\nset confirmcreate=no\n"
                          "set quit=yes\n"
                          "set pipe_decode=no\nset mail_check=5\n"
                          f"push \"<pipe-message>cat > {out}<enter>"
                          "<copy-message><kill-line>=Archive<enter><quit>\"\n")
            self.in_terminal(["mutt", "-n", "-F", str(rc), "-f",
                              f"imap://127.0.0.1:{self.server.imap_port}/INBOX"], home)
            self.assertIn("Subject: Welcome to example.org", out.read_text())
        imap = self.login("dora")
        self.assertEqual(self.ok(imap.select("Archive")), [b"1"])
        imap.logout()

    def in_terminal(self, words, home):
        """Runs a program that wants a terminal, until it ends."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(HOME=home, TERM="vt100", PATH=PATH)
            os.execvp(words[0], words)
        end, screen = time.monotonic() + 60, b""
        while time.monotonic() < end:
            try:
                if select.select([terminal], [], [], 1)[0]:
                    screen += os.read(terminal, 4096)
            except OSError:
                break
        else:
            os.kill(pid, 9)
            self.fail(f"{words[0]} did not end: {screen[-2000:]}")
        os.close(terminal)
        os.waitpid(pid, 0)

    # --- mbsync: two-way synchronisation over random changes

    def test_mbsync_keeps_both_sides_equal_over_random_changes(self):
        chance = random.Random(7)
        with tempfile.TemporaryDirectory() as home:
            box = pathlib.Path(home) / "mail"
            for name in ("cur", "new", "tmp"):
                (box / "INBOX" / name).mkdir(parents=True)
            rc = pathlib.Path(home) / "rc"
            rc.write_text(f"""IMAPAccount posta
Host 127.0.0.1
Port {self.server.imap_port}
User fred@{DOMAIN}
Pass {self.server.password("fred")}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account posta

MaildirStore near
Path {box}/
Inbox {box}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Both
Expunge Both
SyncState *
""")
            imap = self.login("fred")
            number = 0
            for _ in range(SYNC_ROUNDS):
                self.ok(imap.select("INBOX"))
                for _ in range(chance.randint(1, 5)):
                    number += 1
                    self.change_there(imap, chance, number)
                for _ in range(chance.randint(1, 5)):
                    number += 1
                    self.change_here(box / "INBOX", chance, number)
                for _ in range(2):  # what was marked there while we looked comes with the second
                    self.call("mbsync", "-c", str(rc), "-q", "all",
                              env={"HOME": home, "PATH": PATH})
                self.assertEqual(self.seen_there(imap), self.seen_here(box / "INBOX"))
            imap.logout()

    def change_there(self, imap, chance, number):
        count = int(self.ok(imap.select("INBOX"))[0])
        what = chance.randrange(4)
        if what == 0 or count == 0:
            self.ok(imap.append("INBOX", None, None, MESSAGE.format(f"there {number}").encode()))
        elif what == 1:
            self.ok(imap.store(str(chance.randint(1, count)), "+FLAGS.SILENT", r"(\Seen)"))
        elif what == 2:
            self.ok(imap.store(str(chance.randint(1, count)), "-FLAGS", r"(\Seen \Flagged)"))
        else:
            self.ok(imap.store(str(chance.randint(1, count)), "+FLAGS", r"(\Deleted)"))
            self.ok(imap.expunge())

    @staticmethod
    def change_here(box, chance, number):
        files = sorted(box.glob("cur/*"))
        what = chance.randrange(3)
        if what == 0 or not files:
            (box / "new" / f"{number}.here").write_text(
                MESSAGE.format(f"here {number}").replace("\r\n", "\n"))
            return
        one = chance.choice(files)
        if what == 1:
            one.unlink()
        else:
            name, _, flags = one.name.partition(":2,")
            flags = "".join(sorted(set(flags) ^ {chance.choice("FRS")}))
            one.rename(one.with_name(f"{name}:2,{flags}"))

    def seen_there(self, imap):
        if int(self.ok(imap.select("INBOX"))[0]) == 0:
            return []
        seen = []
        for one in self.ok(imap.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")):
            if not isinstance(one, tuple):
                continue
            flags = re.search(rb"FLAGS \(([^)]*)\)", one[0]).group(1).decode().split()
            letters = {r"\Seen": "S", r"\Flagged": "F", r"\Answered": "R"}
            seen.append((email.message_from_bytes(one[1])["Subject"],
                         "".join(sorted(letters[flag] for flag in flags if flag in letters))))
        return sorted(seen)

    @staticmethod
    def seen_here(box):
        seen = []
        for one in [*box.glob("cur/*"), *box.glob("new/*")]:
            _, _, flags = one.name.partition(":2,")
            subject = email.message_from_bytes(one.read_bytes())["Subject"]
            seen.append((subject, "".join(sorted(set(flags) & set("FRS")))))
        return sorted(seen)


if __name__ == "__main__":
    unittest.main()
