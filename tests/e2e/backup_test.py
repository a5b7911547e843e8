"""Backup and restore: while mail comes in, from a server at rest, damaged, interrupted, refused."""

import imaplib
import json
import os
import pathlib
import poplib
import re
import shutil
import smtplib
import threading
import unittest

from lib.server import DOMAIN, Server


class Backup(unittest.TestCase):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)
        self.backup = self.server.base / "backup"

    def ok(self, *args, server=None):
        done = (server or self.server).run(*args)
        self.assertEqual(done.returncode, 0, f"{args}: {done.stdout}{done.stderr}")
        return done.stdout

    def refused(self, *args, says, server=None, code=1):
        done = (server or self.server).run(*args)
        self.assertEqual(done.returncode, code, f"{args}: {done.stdout}{done.stderr}")
        self.assertIn(says, done.stderr + done.stdout)

    def send(self, number, octets=0):
        text = os.urandom(octets).hex()  # what no compression makes smaller than half
        lines = "".join(text[at:at + 76] + "\r\n" for at in range(0, len(text), 76))
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60) as smtp:
            smtp.sendmail("x@example.net", ["ann@example.org"],
                          b"Subject: number %d.\r\n\r\n" % number + lines.encode())

    def numbers(self):
        """Which letters are in the inbox, each with the length of its text."""
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
        pop3.user(f"ann@{DOMAIN}")
        pop3.pass_(self.server.password("ann"))
        found = {}
        for n in range(1, pop3.stat()[0] + 1):
            lines = pop3.retr(n)[1]
            for line in lines:
                if line.startswith(b"Subject: number "):
                    found[int(line.split()[-1].rstrip(b"."))] = sum(map(len, lines))
        pop3.quit()
        return found

    def restore_over(self):
        """The server directory is lost, and made again from the backup."""
        shutil.rmtree(self.server.directory)
        self.ok("restore", str(self.backup))
        self.assertNotIn("WRONG", self.ok("check", "--store"))
        self.server.start()

    def test_what_was_acknowledged_before_it_began_is_in_it(self):
        """Under load; with letters large enough for files of their own."""
        self.server.start()
        acknowledged, stop = set(), threading.Event()
        lock = threading.Lock()

        def load(first):
            number = first
            while not stop.is_set():
                self.send(number, octets=300_000 if number % 7 == 0 else 500)
                with lock:
                    acknowledged.add(number)
                number += 4

        threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        try:
            while len(acknowledged) < 60:
                stop.wait(0.02)
            with lock:
                before = set(acknowledged)
            told = json.loads(self.ok("backup", str(self.backup), "--json"))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertGreater(told["files"], 3)
        self.assertTrue(any(n % 7 == 0 for n in before), "no letter was large: proves too little")
        self.server.kill()
        self.restore_over()
        found = self.numbers()
        self.assertLessEqual(before, set(found), "acknowledged before the backup, and not in it")
        self.assertLessEqual(set(found), acknowledged)
        for number, size in found.items():
            self.assertGreater(size, 600_000 if number % 7 == 0 else 1000, "whole")
        self.send(1_000_000)
        self.assertIn(1_000_000, self.numbers())

    def test_a_server_at_rest_is_backed_up_with_its_configuration_and_drop(self):
        self.server.start()
        self.send(1)
        self.server.stop()
        (self.server.directory / "tls").mkdir(exist_ok=True)
        (self.server.directory / "tls/other-key.pem").write_text("secret")
        (self.server.directory / "tls/other-key.pem").chmod(0o600)
        done = self.server.run("submit", "ann", text="Subject: number 2.\n\n" + "x" * 2000 + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.ok("backup", str(self.backup))
        for path in [self.backup, *self.backup.rglob("*")]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertFalse(list(self.server.directory.glob("store/checkpoint-*")), "left over")
        self.assertIn("all as they were written", self.ok("restore", "--verify", str(self.backup)))
        self.restore_over()
        self.assertEqual((self.server.directory / "tls/other-key.pem").read_text(), "secret")
        for _ in range(200):
            if set(self.numbers()) == {1, 2}:
                break
        self.assertEqual(set(self.numbers()), {1, 2}, "what lay in drop/ is taken after it")

    def test_a_number_never_names_two_messages(self):
        """What came after the backup is gone, and so are its uids: nothing else gets them."""
        def append(subject):
            imap = imaplib.IMAP4("127.0.0.1", self.server.imap_port)
            imap.login(f"ann@{DOMAIN}", self.server.password("ann"))
            code = imap.append("INBOX", "", None, b"Subject: %s\r\n\r\n" % subject)[1][0]
            imap.select("INBOX")
            seen = imap.fetch("1", "(UID MODSEQ)")[1][0]
            imap.logout()
            return list(map(int, re.search(rb"APPENDUID (\d+) (\d+)", code).groups())), seen

        self.server.start()
        first, _ = append(b"before")
        self.ok("backup", str(self.backup))
        lost, seen = append(b"after the backup")
        self.server.stop()
        self.restore_over()
        found, again = append(b"after the restore")
        self.assertEqual(first[0], found[0], "clients keep what they know")
        self.assertGreater(found[1], lost[1])
        id_of = re.compile(rb"UID (\d+)").search
        self.assertEqual(id_of(seen).group(), id_of(again).group())
        mod_seq = re.compile(rb"MODSEQ \((\d+)\)").search
        self.assertGreater(int(mod_seq(again).group(1)), int(mod_seq(seen).group(1)))

    def test_nothing_is_overwritten(self):
        self.ok("backup", str(self.backup))
        self.refused("backup", str(self.backup), says="is there already")
        self.refused("backup", str(self.server.directory / "b"), says="inside the server directory")
        self.refused("restore", str(self.backup), says="not empty")
        self.server.start()
        self.refused("restore", str(self.backup), "--force", says="is running")
        # One that has just begun has its store before it answers commands.
        control = self.server.directory / "run" / "control"
        os.rename(control, control.with_name("elsewhere"))
        self.refused("restore", str(self.backup), "--force", says="is in use by process")
        os.rename(control.with_name("elsewhere"), control)
        self.server.stop()
        (self.server.directory / "mine").write_text("precious")
        told = self.ok("restore", str(self.backup), "--force")
        kept = pathlib.Path(str(self.server.directory) + ".before-restore-1")
        self.assertIn(str(kept), told)
        self.assertEqual((kept / "mine").read_text(), "precious")
        self.assertFalse((self.server.directory / "mine").exists())
        self.assertNotIn("WRONG", self.ok("check", "--store"))

    def test_a_damaged_backup_is_refused_before_anything_is_touched(self):
        self.ok("backup", str(self.backup))
        shutil.rmtree(self.server.directory)
        files = sorted(path for path in (self.backup / "server").rglob("*") if path.is_file())
        target = next(path for path in files if path.name.startswith("MANIFEST"))
        whole = target.read_bytes()
        damages = [
            (lambda: target.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1])),
             "not what was written"),
            (lambda: target.write_bytes(whole[:-1]), "not what was written"),
            (lambda: target.rename(self.server.base / "aside"), "is missing"),
            (lambda: (self.backup / "server/more").write_text("x"), "not in its manifest"),
            (lambda: (self.backup / "manifest").write_text("posta-backup 9\n"), "newer form"),
            (lambda: (self.backup / "manifest").unlink(), "no backup"),
        ]
        manifest = (self.backup / "manifest").read_bytes()
        for damage, says in damages:
            damage()
            self.refused("restore", str(self.backup), says=says)
            self.assertFalse(self.server.directory.exists(), says)
            self.assertFalse(pathlib.Path(str(self.server.directory) + ".part").exists(), says)
            target.write_bytes(whole)
            (self.backup / "manifest").write_bytes(manifest)
            (self.backup / "server/more").unlink(missing_ok=True)
        self.ok("restore", str(self.backup))

    def test_what_somebody_keeps_under_the_name_of_a_part_stays(self):
        self.ok("backup", str(self.backup))
        shutil.rmtree(self.server.directory)
        part = pathlib.Path(str(self.server.directory) + ".part")
        part.mkdir()
        (part / "precious").write_text("x")
        self.refused("restore", str(self.backup), says="no mark of posta's")
        self.assertTrue((part / "precious").exists())
        shutil.rmtree(part)
        self.ok("restore", str(self.backup))
        self.assertFalse((self.server.directory / "posta-part").exists())

    def test_an_interrupted_one_has_not_its_name(self):
        part = pathlib.Path(str(self.backup) + ".part")
        (part / "server").mkdir(parents=True)
        (part / "server/old").write_text("x")
        self.refused("restore", str(part), "--verify", says="interrupted")
        self.refused("backup", str(self.backup), says="no mark of posta's")
        self.assertTrue((part / "server/old").exists())
        (part / "posta-part").write_text("")
        self.ok("backup", str(self.backup))
        self.assertFalse(part.exists())
        self.assertFalse((self.backup / "server/old").exists())


if __name__ == "__main__":
    unittest.main()
