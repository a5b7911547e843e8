"""A server directory from quickstart and restore, and what is said when some of it is amiss."""

import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from lib.server import USER, Server, program

ROOT = os.geteuid() == 0


def posta(*words, **more):
    return subprocess.run([program(), *map(str, words)], capture_output=True, text=True,
                          check=False, timeout=120, stdin=subprocess.DEVNULL, **more)


class Case(unittest.TestCase):
    def refused(self, done, *says, code=1):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in says:
            self.assertIn(word, done.stderr + done.stdout)

    def scratch(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="posta-test-"))
        folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder


class Quickstart(Case):
    def quickstart(self, folder, *words):
        words = list(words)
        for name, value in (("--user", USER if ROOT else ""), ("--domain", "example.org"),
                            ("--port-offset", "20000")):
            if value and name not in words:
                words += [name, value]
        return posta("quickstart", "--dir", folder, *words)

    def test_what_fails_leaves_nothing(self):
        place = self.scratch()
        for words, says, code in (
                (("--account", "no body"), "not an address", 64),
                (("--account", "ann@elsewhere.example"), "is not in example.org", 64),
                (("--account", "ann", "--account", "ann"), "ann@example.org", 1),
                (("--listen", "nowhere"), "--listen: not an IP address", 64),
                (("--port-offset", "65000"), "--port-offset: 65000 is too much", 64),
                (("--domain", "not a domain"), "not a mail domain", 64)):
            with self.subTest(words):
                self.refused(self.quickstart(place / "server", *words), says, code=code)
                self.assertEqual(list((place / "server").glob("*")), [])

    def test_what_was_interrupted_is_no_server(self):
        place = self.scratch()
        self.assertEqual(self.quickstart(place / "server").returncode, 0)
        (place / "server/posta.toml").rename(place / "server/posta.toml.part")
        self.refused(self.quickstart(place / "server"), "was interrupted")

    def test_an_empty_directory_is_filled_and_json_is_for_programs(self):
        place = self.scratch() / "server"
        place.mkdir()
        done = self.quickstart(place, "--json", "--account", "ann", "--account", "bob",
                               "--listen", "::1")
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual([one["address"] for one in told["accounts"]],
                         ["ann@example.org", "bob@example.org"])
        self.assertGreater(len(told["accounts"][0]["password"]), 10)
        # The first letter in a mailbox is the welcome, and the one just sent is the second.
        self.assertRegex(self.quickstart(place.parent / "other").stdout,
                         r"Read it: .* pop3://127.0.0.1:\d+/2\n")
        self.assertIn('"[::1]:20025"', (place / "posta.toml").read_text())
        self.assertEqual(sorted(one.name for one in place.iterdir()),
                         ["posta.toml", "store", "tls"])

    @unittest.skipUnless(ROOT, "only root makes it for others")
    def test_root_does_not_make_a_server_of_root_unasked(self):
        place = self.scratch()
        try:
            pwd.getpwnam("posta")
        except KeyError:
            self.refused(posta("quickstart", "--dir", place / "server", "--domain", "example.org"),
                         "there is no user posta", "useradd --system", "--user NAME")
        self.refused(self.quickstart(place / "server", "--user", "nobody-of-that-name"),
                     "there is no user nobody-of-that-name")
        (place / "closed").mkdir(mode=0o700)
        self.refused(self.quickstart(place / "closed/server"), "is closed to " + USER)
        self.assertFalse((place / "server").exists())
        self.assertEqual(self.quickstart(place / "server", "--user", "root").returncode, 0)
        self.assertIn('user = "root"', (place / "server/posta.toml").read_text())


class Store(Case):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)
        self.store = self.server.directory / "store"

    def files(self):
        return {str(path): path.stat().st_size for path in self.store.rglob("*")
                if path.is_file() and path.suffix in (".sst", ".blob", ".log")}

    def test_a_store_that_is_not_whole_is_touched_by_nobody(self):
        (self.store / "keys/CURRENT").unlink()
        before = self.files()
        self.assertTrue(before)
        for words in (("account", "list"), ("account", "list"), ("serve",), ("check",),
                      ("backup", self.server.base / "copy"), ("check", "--store")):
            self.refused(self.server.run(*map(str, words)), "no whole store",
                         "posta restore BACKUP")
        self.assertEqual(self.files(), before)
        self.assertFalse((self.store / "keys/CURRENT").exists())

    def test_a_store_that_is_not_there_is_a_disk_that_is_not_mounted(self):
        self.store.rename(self.server.base / "away")
        for make in (lambda: None, self.store.mkdir):
            make()
            for words in (("account", "list"), ("serve",), ("check",)):
                self.refused(self.server.run(*words), "is its disk mounted?")
        self.assertEqual(list(self.store.iterdir()), [])

        self.refused(self.server.run("backup", str(self.server.base / "copy")),
                     "is its disk mounted?")

    @unittest.skipUnless(ROOT, "only root gives files away")
    def test_a_store_of_root_is_said_to_be_given_back(self):
        for path in (self.store, self.store / "keys"):
            for one in [path, *path.rglob("*")]:
                os.chown(one, 0, 0)
            for words in (("account", "list"), ("status",), ("check",), ("serve",)):
                with self.subTest(path=path, words=words):
                    self.refused(self.server.run(*words), f"run: chown -R {USER}: {self.store}")
            shutil.chown(self.store, USER)

    @unittest.skipUnless(ROOT, "only root has files that the server cannot read")
    def test_check_says_what_systemd_could_not_start_with(self):
        self.assertNotIn("systemd's unit", self.server.run("check").stdout)
        key = self.server.directory / "tls/key.pem"
        os.chown(key, 0, 0)
        done = self.server.run("check")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, f"(?m)^note +{key} cannot be read by {USER}; "
                                      f"run: chown {USER}: {key} ")

    def test_what_is_damaged_is_restored_from_a_backup(self):
        for path in (self.store / "keys").glob("MANIFEST-*"):
            path.write_bytes(b"nonsense" * 10)
        self.refused(self.server.run("account", "list"), "restore a backup")


class Restore(Case):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)
        self.copy = self.server.base / "copy"
        self.assertEqual(self.server.run("backup", str(self.copy)).returncode, 0)

    def test_verify_needs_no_directory(self):
        environment = {key: value for key, value in os.environ.items() if key != "POSTA_DIR"}
        done = posta("restore", "--verify", self.copy, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("all as they were written", done.stdout)
        self.assertRegex(done.stdout, r": \d+ files of mx.example.org")

    def test_a_path_that_is_none_is_an_answer(self):
        self.refused(self.server.run("backup", ""), "no directory is named")
        self.refused(self.server.run("restore", ""), "no directory is named")
        self.refused(posta("restore", "--verify", ""), "no directory is named")

    def test_a_working_directory_that_is_gone_is_an_answer(self):
        place = self.scratch()
        for words in (("restore", "--verify", "copy"), ("backup", "copy", "--dir", "server"),
                      ("quickstart", "--dir", "server", "--domain", "example.org"),
                      ("account", "list", "--dir", "server"),
                      ("backup", "copy", "--dir", self.server.directory)):
            gone = place / "gone"
            gone.mkdir()
            line = 'cd "$0" && rmdir "$0" && exec "$@"'
            done = subprocess.run(["bash", "-c", line, str(gone), program(), *map(str, words)],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1, (words, done.returncode, done.stderr))
            self.assertIn("posta: ", done.stderr)

    @unittest.skipUnless(ROOT, "only root restores for others")
    def test_root_learns_that_the_user_is_missing_before_anything_is_copied(self):
        config = self.copy / "server/posta.toml"
        config.write_text(config.read_text().replace(f'user = "{USER}"', 'user = "who-is-this"'))
        sum_again(self.copy, "posta.toml")
        target = self.server.base / "restored"
        self.refused(posta("restore", self.copy, "--dir", target), "there is no user who-is-this",
                     "useradd --system")
        self.assertEqual(list(self.server.base.glob("restored*")), [])


def sum_again(backup, name):
    """The manifest after a file was changed."""
    octets = (backup / "server" / name).read_bytes()
    text = (backup / "manifest").read_text()
    text = re.sub(rf"(?m)^file \w+ \d+ {re.escape(name)}$",
                  f"file {crc32c(octets):08x} {len(octets)} {name}", text)
    text = re.sub(r"(?m)^end \w+\n", "", text)
    (backup / "manifest").write_text(f"{text}end {crc32c(text.encode()):08x}\n")


def crc32c(octets):
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Running(Case):
    def setUp(self):
        self.server = Server(accounts=("ann",)).start()
        self.addCleanup(self.server.close)

    def test_the_process_that_status_names_takes_signals(self):
        told = json.loads(self.server.run("status", "--json").stdout)
        self.assertEqual(told["pid"], self.server.process.pid)
        before = self.server.server_pid()
        os.kill(told["pid"], signal.SIGHUP)
        os.kill(before, signal.SIGHUP)  # and who means the child does no harm
        time.sleep(0.3)
        self.assertEqual(self.server.server_pid(), before)
        self.assertIn("config.reloaded", self.server.log_text())

    def test_commands_go_on_while_posta_toml_is_wrong(self):
        with (self.server.directory / "posta.toml").open("a") as file:
            file.write("\n[nonsense]\n")
        done = self.server.run("account", "list")
        self.assertEqual(done.returncode, 0)
        self.assertIn("ann@example.org", done.stdout)
        self.assertRegex(done.stderr, r"posta.toml:\d+: unknown table \[nonsense\]")
        self.server.stop()
        self.refused(self.server.run("account", "list"), "unknown table [nonsense]")

    def test_new_ports_of_posta_toml_are_looked_at(self):
        port = self.server.offset + 26
        self.server.configure(
            f'smtp.listen = ["127.0.0.1:{self.server.smtp_port}", "127.0.0.1:{port}"]')
        self.assertIn(f"smtp on 127.0.0.1:{port} is free", self.server.run("check").stdout)
        self.server.reload("config.reloaded")
        self.assertIn(f"127.0.0.1:{port}", json.loads(
            self.server.run("status", "--json").stdout)["listening"])

    def test_what_applies_at_once_is_not_said_to_need_a_restart(self):
        self.server.configure('smtp.refused_networks = ["192.0.2.0/24"]\n'
                              "smtp.refuse_at_once = true\n"
                              'imap.cleartext_networks = ["192.0.2.0/24"]\n'
                              'imap.message_octets_max = "1MiB"\nimap.sessions_max = 7\n'
                              "imap.sessions_per_address_max = 6\n"
                              "imap.sessions_per_account_max = 5")
        line = self.server.reload("config.reloaded")
        self.assertIn("imap.sessions_per_account_max", line)
        self.server.reload("config.reloaded")
        self.assertNotIn("restart_needed", self.server.log_text())


class Words(Case):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)

    def test_a_stopped_server_is_not_well(self):
        done = self.server.run("status")
        self.refused(done, "WRONG", "not running", "posta serve")
        self.assertNotIn("all is well", done.stdout)

    def test_bare_names_mean_the_default_domain(self):
        shown = self.server.run("account", "show", "ann")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("ann@example.org", shown.stdout)
        self.assertRegex(shown.stdout, r"made +20\d\d-")
        for words in (("alias", "add", "info", "ann"), ("account", "grant", "ann", "@example.net"),
                      ("account", "set", "ann", "--name", "Ann", "--quota-messages", "77"),
                      ("mailbox", "list", "ann"), ("app-password", "list", "ann")):
            done = self.server.run(*words)
            self.assertEqual(done.returncode, 0, (words, done.stderr))
        self.assertIn("info@example.org: ann@example.org", self.server.run("alias", "list").stdout)
        shown = self.server.run("account", "show", "ann").stdout
        for words in ("name +Ann", "message quota +77", "may send as +@example.net"):
            self.assertRegex(shown, words)

    def test_targets_that_lead_nowhere_are_warned_of(self):
        for words, says in (
                (("domain", "set", "example.org", "--catch-all", "noone@example.org"),
                 "noone@example.org does not exist here"),
                (("domain", "set", "example.org", "--catch-all", "none"), ""),
                (("alias", "add", "a", "gone@example.org"), "gone@example.org does not exist here"),
                (("alias", "add", "b", "c@example.org"), "c@example.org does not exist here"),
                (("alias", "add", "c", "b@example.org"), "c@example.org leads back to itself"),
                (("alias", "add", "fine", "ann", "x@elsewhere.example"), "")):
            done = self.server.run(*words)
            self.assertEqual(done.returncode, 0, (words, done.stderr))
            self.assertIn(says, done.stderr)
            self.assertEqual(done.stderr.count("warning"), 1 if says else 0, words)
        found = self.server.run("check").stdout
        for name in ("a@example.org", "b@example.org", "c@example.org"):
            self.assertRegex(found, rf"(?m)^note +mail that goes nowhere: {name}: ")
        self.assertNotIn("fine@example.org", found)

    def test_suggestions_are_near(self):
        for words, says, code in ((("foo",), "no command foo\n", 64),
                                  (("stauts",), "did you mean status?", 64),
                                  (("account", "foo"), "no command account foo\n", 64),
                                  (("account", "lsit"), "did you mean list?", 64)):
            self.refused(self.server.run(*words), says, code=code)

    def test_every_command_has_help(self):
        for words in (("serve", "--help"), ("serve", "--no-supervisor", "--help"),
                      ("tool", "mime", "--help"), ("tool", "--help")):
            done = posta(*words)
            self.assertEqual(done.returncode, 0, words)
            self.assertIn("usage", done.stdout)

    def test_a_directory_that_is_not_said_is_a_wrong_command_line(self):
        environment = {key: value for key, value in os.environ.items() if key != "POSTA_DIR"}
        for words in (("account", "list"), ("serve",), ("check",), ("backup", "x"),
                      ("restore", "x"), ("quickstart", "--domain", "example.org")):
            self.refused(posta(*words, env=environment), "--dir DIR", code=64)

    def test_check_calls_ok_only_what_is(self):
        self.server.configure('sandbox = "off"')
        self.assertRegex(self.server.run("check").stdout, r"(?m)^note +the sandbox is off")

    @unittest.skipUnless(ROOT and shutil.which("setpriv"), "only root can be somebody else")
    def test_what_is_not_permitted_is_not_absent(self):
        place = self.scratch()
        copy = place / "posta"
        shutil.copy(program(), copy)
        copy.chmod(0o755)
        for words in (("account", "list"), ("status",), ("check",), ("serve",)):
            done = subprocess.run(["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups",
                                   str(copy), *words, "--dir", str(self.server.directory)],
                                  capture_output=True, text=True, check=False)
            self.refused(done, "Permission denied", f"run this as root or {USER}")


if __name__ == "__main__":
    unittest.main()
