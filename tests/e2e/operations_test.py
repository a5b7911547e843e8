"""What an administrator sees and does while mail flows: status, trace, metrics, submit, log."""

import base64
import http.client
import json
import os
import pathlib
import poplib
import resource
import smtplib
import socket
import subprocess
import time
import unittest

from lib.server import DOMAIN, Server, program

WAIT_SECONDS_MAX = 30


def eventually(look, what):
    """The first true answer of `look`."""
    end = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not in {WAIT_SECONDS_MAX} s")


class Operations(unittest.TestCase):
    settings = ""

    def setUp(self):
        self.server = Server(accounts=("ann", "bob"), settings=self.settings)
        self.addCleanup(self.server.close)

    def ok(self, *args, text=None):
        done = self.server.run(*args, text=text)
        self.assertEqual(done.returncode, 0, f"{args}: {done.stdout}{done.stderr}")
        return done.stdout

    def refused(self, *args, says, code=1, text=None):
        done = self.server.run(*args, text=text)
        self.assertEqual(done.returncode, code, f"{args}: {done.stdout}{done.stderr}")
        self.assertIn(says, done.stderr + done.stdout)

    def send(self, to="ann@example.org", sender="x@example.net", message_id="m1@example.net"):
        """The queue id."""
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60) as smtp:
            smtp.ehlo("client.example.net")
            smtp.mail(f"<{sender}>")
            code, words = smtp.rcpt(f"<{to}>")
            if code != 250:
                return code, words.decode()
            code, words = smtp.data(b"Subject: a\r\nMessage-ID: <%s>\r\n\r\nhello\r\n"
                                    % message_id.encode())
            self.assertEqual(code, 250)
            return words.decode().split()[-1]

    def inbox(self, name="ann"):
        pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
        pop3.user(f"{name}@{DOMAIN}")
        pop3.pass_(self.server.password(name))
        texts = [b"\n".join(pop3.retr(n)[1]).decode() for n in range(1, pop3.stat()[0] + 1)]
        pop3.quit()
        return texts


class Status(Operations):
    def test_status_tells_of_a_running_server_and_of_one_that_does_not_run(self):
        self.refused("status", says="posta serve")
        self.assertFalse(json.loads(self.server.run("status", "--json").stdout)["running"])
        self.server.start()
        told = json.loads(self.ok("status", "--json"))
        self.assertTrue(told["running"])
        self.assertEqual(told["pid"], self.server.process.pid)
        self.assertEqual(told["queue_letters"], 0)
        self.assertIn(f":{self.server.smtp_port}", told["listening"])
        with socket.create_connection(("127.0.0.1", self.server.smtp_port)) as peer:
            self.assertEqual(peer.recv(3), b"220")
            self.assertEqual(json.loads(self.ok("status", "--json"))["sessions"]["smtp"], 1)
        self.assertIn("all is well", self.ok("status"))

    def test_a_disk_that_is_short_is_said(self):
        self.server.configure('store.disk_free_min = "900000GiB"')
        self.server.start()
        self.refused("status", says="the disk is short")

    def test_mailbox_list_counts(self):
        self.server.start()
        self.send()
        listed = json.loads(self.ok("mailbox", "list", "ann@example.org", "--json"))
        self.assertEqual([box["name"] for box in listed if box["role"] == "inbox"], ["INBOX"])
        self.assertEqual(sum(box["messages"] for box in listed), 2)
        self.assertIn("INBOX", self.ok("mailbox", "list", "ann@example.org"))
        self.refused("mailbox", "list", "zoe@example.org", says="no account zoe@example.org")

    def test_domains_and_aliases_are_shown(self):
        self.ok("alias", "add", "team@example.org", "ann@example.org", "bob@example.org")
        self.assertEqual(json.loads(self.ok("alias", "show", "team@example.org", "--json")),
                         {"address": "team@example.org",
                          "targets": ["ann@example.org", "bob@example.org"],
                          "is": "an alias"})
        self.assertTrue(json.loads(self.ok("domain", "show", "example.org", "--json"))["default"])
        self.refused("domain", "show", "example.com", says="not a domain")

    def test_long_lists_come_page_after_page(self):
        self.server.start()
        for number in range(7):
            self.ok("alias", "add", f"a{number}@example.org", "ann@example.org")
        first = json.loads(self.ok("alias", "list", "--json", "--limit", "3"))
        self.assertEqual([one["address"] for one in first],
                         [f"a{n}@example.org" for n in range(3)])
        rest = json.loads(self.ok("alias", "list", "--json", "--after", "a2@example.org"))
        self.assertEqual([one["address"] for one in rest],
                         [f"a{n}@example.org" for n in range(3, 7)])


class Trace(Operations):
    def test_a_letters_life_is_told_by_id_address_and_message_id(self):
        self.server.start()
        queue_id = self.send(message_id="trace-me@example.net")
        for word in (queue_id, queue_id.lower(), "ann@example.org", "X@example.net",
                     "<trace-me@example.net>"):
            lives = json.loads(self.ok("trace", word, "--json"))
            mine = [life for life in lives if life["queue_id"] == queue_id]
            self.assertEqual(len(mine), 1, word)
            events = [event["event"] for event in mine[0]["events"]]
            self.assertIn("intake.letter.accepted", events)
            self.assertIn("queue.recipient.delivered", events)
        words = self.ok("trace", queue_id)
        self.assertIn("accepted from 127.0.0.1 (client.example.net)", words)
        self.assertIn("delivered to ann@example.org", words)
        self.assertEqual(self.server.stop(), 0)
        self.assertIn("delivered to ann@example.org", self.ok("trace", queue_id), "offline too")
        self.server.start()
        self.assertIn("delivered to ann@example.org", self.ok("trace", queue_id))
        self.assertIn("delivered", self.ok("trace", queue_id, "--since", "1h"))

    def test_refused_recipients_are_told(self):
        self.server.start()
        code, _ = self.send(to="nobody@example.org")
        self.assertEqual(code, 550)
        told = self.ok("trace", "nobody@example.org")
        self.assertIn("never a letter", told)
        self.assertIn("recipient nobody@example.org refused, from 127.0.0.1", told)
        self.assertIn("550 5.1.1", told)
        self.refused("trace", "unheard@example.org", says="nothing is known")

    def test_a_flood_of_refusals_keeps_some_and_counts_the_rest(self):
        self.server.start()
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60) as smtp:
            smtp.ehlo()
        for _ in range(3):
            with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60) as smtp:
                smtp.ehlo()
                smtp.mail("<x@example.net>")
                for _ in range(95):
                    self.assertEqual(smtp.rcpt("<flood@example.org>")[0], 550)
        kept = len(json.loads(self.ok("trace", "flood@example.org", "--json")))
        self.assertGreater(kept, 0)
        self.assertLess(kept, 285)


class TraceOff(Operations):
    settings = 'trace.retention = "0s"'

    def test_it_can_be_switched_off(self):
        self.server.start()
        self.send()
        self.refused("trace", "ann@example.org", says="trace.retention")


class Metrics(Operations):
    def get(self, target, method="GET"):
        peer = http.client.HTTPConnection("127.0.0.1", self.server.metrics_port, timeout=60)
        peer.request(method, target)
        answer = peer.getresponse()
        return answer.status, answer.read().decode()

    def test_prometheus_reads_what_happened(self):
        self.server.start()
        self.send()
        self.send(to="nobody@example.org")
        status, text = self.get("/metrics")
        self.assertEqual(status, 200)
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
        self.assertEqual(values["posta_letters_accepted_total"], "1")
        self.assertEqual(values['posta_refused_total{what="recipient"}'], "1")
        self.assertEqual(values['posta_recipients_total{outcome="delivered"}'], "1")
        self.assertEqual(values["posta_queue_letters"], "0")
        logins = 'posta_logins_total{service="%s",result="%s"}'
        self.assertEqual(values[logins % ("pop3", "accepted")], "0")
        self.inbox()
        again = dict(line.rsplit(" ", 1) for line in self.get("/metrics")[1].splitlines()
                     if line[0] != "#")
        self.assertEqual({name: value for name, value in again.items()
                          if name.startswith("posta_logins_total") and value != "0"},
                         {logins % ("pop3", "accepted"): "1"})
        self.assertLess(abs(float(values["posta_start_time_seconds"]) - time.time()), 60)
        self.assertIn('posta_sessions{service="smtp"}', values)
        for name in ("posta_disk_free_octets", "posta_memory_octets", "posta_start_time_seconds"):
            self.assertGreater(float(values[name]), 0, name)
        for name, value in values.items():
            self.assertRegex(name, r'^posta_[a-z0-9_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})?$')
            float(value)
        self.assertEqual(self.get("/healthz"), (200, "ok\n"))
        self.assertEqual(self.get("/")[0], 404)
        self.assertEqual(self.get("/metrics", "DELETE")[0], 405)

    def test_a_port_that_is_taken_stops_no_mail(self):
        with socket.create_server(("127.0.0.1", self.server.metrics_port)):
            self.server.start()
            self.send()
        self.server.stop()
        self.assertIn("listener.skipped", self.server.log_text())


class Submit(Operations):
    def test_a_message_is_handed_in_while_the_server_is_up_or_down(self):
        handed = json.loads(self.ok("submit", "--from", "bob@example.org", "ann@example.org", "bob",
                                    "--json", text="Subject: while down\n\nhello\n"))
        self.assertFalse(handed["running"])
        self.server.start()
        eventually(lambda: any("while down" in text for text in self.inbox()), "taken at start")
        self.ok("submit", "ann", text="Subject: while up\n\nhello\n")
        got = eventually(lambda: [t for t in self.inbox() if "while up" in t], "taken when it runs")
        self.assertIn("From: postmaster@example.org", got[0])
        self.assertIn("Message-ID: <", got[0])
        self.assertTrue(any("while down" in text for text in self.inbox("bob")))
        drop = self.server.directory / "drop"
        eventually(lambda: not list(drop.glob("*.letter")), "the file is removed")

    def test_a_kill_at_any_moment_delivers_it_once(self):
        total = 30
        for number in range(total):
            self.ok("submit", "ann", text=f"Subject: number {number}.\n\nhello\n")
        drop = self.server.directory / "drop"
        for pause in (0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05):
            self.server.start()
            time.sleep(pause)
            self.server.kill()
        self.server.start()
        eventually(lambda: not list(drop.glob("*.letter")), "all are taken")
        texts = self.inbox()
        for number in range(total):
            self.assertEqual(sum(f"Subject: number {number}." in text for text in texts), 1, number)

    def test_what_cannot_be_taken_lies_aside_with_the_reason(self):
        self.server.start()
        drop = self.server.directory / "drop"
        self.ok("submit", "nobody@example.org", text="Subject: a\n\n")
        reason = eventually(lambda: list((drop / "bad").glob("*.reason")), "put aside")[0]
        self.assertIn("550 5.1.1", reason.read_text())
        self.assertTrue(reason.with_suffix(".letter").exists())
        os.mkfifo(drop / ("a" * 32 + ".letter"))
        (drop / ("b" * 32 + ".letter")).write_bytes(b"rubbish\n")
        writable = drop / ("c" * 32 + ".letter")
        writable.write_bytes(b"posta-drop 1\nfrom <>\nto <ann>\n\nx\n")
        writable.chmod(0o666)
        (drop / "not-a-letter").write_bytes(b"left alone")
        eventually(lambda: len(list((drop / "bad").glob("*.reason"))) == 4, "all put aside")
        reasons = [path.read_text() for path in (drop / "bad").glob("*.reason")]
        self.assertEqual(sum("plain file" in r for r in reasons), 1)
        self.assertEqual(sum("does not begin" in r or "empty line" in r for r in reasons), 1)
        self.assertEqual(sum("others may write" in r for r in reasons), 1)
        self.assertTrue((drop / "not-a-letter").exists())
        self.server.stop()
        self.assertIn("posta/drop", self.server.log_text())
        self.assertIn("4 letters handed in and refused", self.server.run("check").stdout)

    def test_mistakes_are_explained(self):
        self.refused("submit", says="recipients", code=64, text="")
        self.refused("submit", "not@@an-address", says="not an address", text="x")
        self.server.configure('smtp.message_octets_max = "64KiB"')
        self.refused("submit", "ann", says="longer", text="x" * 100_000)


class Queue(Operations):
    # Nobody answers questions about names there, so mail for others waits.
    settings = """dns.servers = ["127.0.0.1:1"]
dns.dnssec = "off"
"""

    def owed(self):
        return json.loads(self.ok("queue", "list", "--json"))

    def test_a_letter_that_was_not_tried_is_listed_as_such(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            self.server.configure(f'dns.servers = ["127.0.0.1:{silent.getsockname()[1]}"]')
            self.ok("alias", "add", "away@example.org", "x@elsewhere.example")
            self.server.start()
            self.send(to="away@example.org")
            self.assertRegex(self.ok("queue", "list"), "x@elsewhere.*  next .*, not tried yet\n")

    def test_a_letter_of_any_octets_is_shown(self):
        self.ok("alias", "add", "away@example.org", "x@elsewhere.example")
        self.server.start()
        message = (b"Subject: caf\xe9 \x1b[31m\r\nX-Utf8: gr\xc3\xbc\xc3\x9f\r\n\r\n"
                   b"\xff\xfe line\r\n" + b"x\r\n" * 500_000)
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60) as smtp:
            smtp.sendmail("x@example.net", ["away@example.org"], message,
                          mail_options=["BODY=8BITMIME"])
        queue_id = eventually(self.owed, "owed")[0]["id"]
        for stopped in (False, True):
            if stopped:
                self.server.stop()
            shown = self.ok("queue", "show", queue_id)
            self.assertIn("Subject: caf\\xe9 \\x1b[31m\n", shown)
            self.assertIn("X-Utf8: grüß\n", shown)
            done = subprocess.run([program(), "--dir", str(self.server.directory), "queue", "show",
                                   queue_id, "--message"], capture_output=True, check=True)
            self.assertTrue(done.stdout.endswith(message), len(done.stdout))
            told = json.loads(self.ok("queue", "show", queue_id, "--json", "--message"))
            self.assertEqual(base64.b64decode(told["message_base64"]), done.stdout)

    def test_letters_are_held_released_retried_and_deleted(self):
        self.ok("alias", "add", "away@example.org", "x@elsewhere.example")
        self.server.start()
        queue_id = self.send(to="away@example.org", message_id="q@example.net")
        eventually(lambda: self.owed() and self.owed()[0]["owed"][0]["attempts"] >= 1, "tried")
        self.assertEqual(self.owed()[0]["id"], queue_id)
        self.assertIn("1 recipient is held", self.ok("queue", "hold", queue_id))
        self.assertTrue(self.owed()[0]["owed"][0]["held"])
        self.assertIn("held", self.ok("queue", "list"))
        shown = self.ok("queue", "show", queue_id)
        self.assertIn("Message-ID: <q@example.net>\n", shown)
        self.assertNotIn("hello", shown)
        told = json.loads(self.ok("queue", "show", queue_id, "--json"))
        self.assertIn("Subject: a", told["header"])
        self.assertTrue(self.ok("queue", "show", queue_id, "--message")
                        .endswith("Subject: a\nMessage-ID: <q@example.net>\n\nhello\n"))
        self.refused("queue", "retry", "--all", says="1 recipient is held: posta queue release")
        self.assertIn("still owed to x@elsewhere.example: held", self.ok("trace", queue_id))
        self.ok("queue", "release", "--domain", "elsewhere.example")
        eventually(lambda: self.owed()[0]["owed"][0]["attempts"] >= 2, "tried again")
        self.ok("queue", "retry", "--to", "x@elsewhere.example")
        eventually(lambda: self.owed()[0]["owed"][0]["attempts"] >= 3, "tried once more")
        self.refused("queue", "delete", says="which letters?")
        self.refused("queue", "delete", queue_id, "--all", says="--all means everything")
        self.refused("queue", "delete", "--from", "other@example.net", says="nothing that is owed")
        self.assertEqual(self.server.stop(), 0)
        told = json.loads(self.ok("queue", "delete", "--from", "x@example.net", "--json"))
        self.assertEqual(told, {"recipients": 1}, "offline too")
        self.assertEqual(self.owed(), [])
        told = self.ok("trace", queue_id)
        for words in ("accepted from", "put off for x@elsewhere.example", "held for",
                      "released for", "removed for"):
            self.assertIn(words, told)


class Undelete(Operations):
    def test_what_was_deleted_comes_back(self):
        self.server.start()
        self.send()
        for _ in range(2):
            pop3 = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=60)
            pop3.user(f"ann@{DOMAIN}")
            pop3.pass_(self.server.password("ann"))
            for n in range(1, pop3.stat()[0] + 1):
                pop3.dele(n)
            pop3.quit()
        self.assertEqual(self.inbox(), [])
        listed = json.loads(self.ok("undelete", "ann@example.org", "--list", "--json"))
        self.assertEqual(len(listed), 2)
        self.assertEqual(self.inbox(), [], "--list only shows")
        self.refused("undelete", "ann@example.org", "--subject", "never said", says="nothing")
        self.refused("undelete", "ann@example.org", "--mailbox", "Sent", says="nothing")
        self.refused("undelete", "zoe@example.org", says="no account")
        self.assertIn("1 message is brought back",
                      self.ok("undelete", "ann@example.org", "--subject", "a", "--mailbox", "INBOX",
                              "--since", "1h", "--limit", "1"))
        self.assertEqual(len(self.inbox()), 1)
        self.ok("undelete", "ann@example.org")
        self.assertEqual(len(self.inbox()), 2)


class Descriptors(Operations):
    def test_sessions_do_not_get_those_of_the_store(self):
        most = 400  # of which sessions get a quarter, so few are they
        self.server.start(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
        # Who waits for the greeting has been let in.
        mx = smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=60)
        greeted, refused = [], 0
        for _ in range(most + 50):
            peer = socket.create_connection(("127.0.0.1", self.server.pop3_port), 60)
            self.addCleanup(peer.close)
            line = peer.recv(200)
            if line.startswith(b"+OK"):
                greeted.append(peer)
            else:
                self.assertTrue(line.startswith(b"-ERR [SYS/TEMP]"), line)
                refused += 1
        # The client that waited for the start may be there still.
        self.assertIn(len(greeted), range(most // 4 - 5, most // 4))
        self.assertEqual(refused, most + 50 - len(greeted))
        self.assertIn("why=descriptors", self.server.log_text())
        mx.sendmail("bob@example.net", "ann@example.org", "Subject: there is room\n\nhello\n")
        greeted.pop().close()
        eventually(self.greets, "a seat that was given back")
        self.assertEqual(self.server.stop(), 0)

    def greets(self):
        with socket.create_connection(("127.0.0.1", self.server.pop3_port), 60) as peer:
            return peer.recv(200).startswith(b"+OK")

    def test_check_says_how_many_sessions_that_leaves(self):
        def check(most):
            return subprocess.run(
                [program(), "--dir", str(self.server.directory), "check"], capture_output=True,
                text=True, check=False,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))).stdout
        self.assertIn("beyond about 2500 sessions is turned away", check(4000))
        self.assertIn("only 1200 files may be open", check(1200))


class Check(Operations):
    def test_all_is_told_as_json_too(self):
        told = json.loads(self.ok("check", "--json"))
        self.assertFalse(told["wrong"])
        self.assertIn("ok", {one["is"] for one in told["findings"]})

    def test_a_port_in_use_is_said_with_who_has_it(self):
        with socket.create_server(("127.0.0.1", self.server.smtp_port)):
            self.refused("check", says=f"(process {os.getpid()}); stop that")

    def test_open_files_are_found(self):
        config = self.server.directory / "posta.toml"
        config.chmod(0o644)
        self.refused("check", says="chmod -R go-rwx")
        config.chmod(0o600)
        self.assertNotIn("WRONG", self.ok("check"))

    def test_config_answers_programs(self):
        shown = json.loads(self.ok("config", "show", "--json"))
        keys = {one["key"]: one for one in shown}
        self.assertFalse(keys["smtp.listen"]["is_default"])
        self.assertTrue(keys["trace.retention"]["is_default"])
        self.assertIn("smtp.listen = ", self.ok("config", "show", "--changed"))
        self.assertNotIn("trace.retention", self.ok("config", "show", "--changed"))
        one = json.loads(self.ok("config", "explain", "trace.retention", "--json"))
        self.assertRegex(one["takes"], "^a time from [0-9].* to [0-9]")
        self.assertEqual(one["value"], '"7d"')
        self.refused("config", "explain", "trace.retentoin", says="did you mean trace.retention?")


class Log(Operations):
    def test_syslog_gets_a_line_for_each_event(self):
        path = self.server.base / "syslog"
        syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(syslog.close)
        syslog.bind(str(path))
        path.chmod(0o666)  # as /dev/log is
        syslog.settimeout(WAIT_SECONDS_MAX)
        self.server.configure(f'log.to = "syslog"\nlog.syslog_socket = "{path}"')
        self.server.start()
        queue_id = self.send()
        seen = ""
        while f"{queue_id}: letter.accepted" not in seen:
            line = syslog.recv(4096).decode()
            self.assertRegex(line, r"^<2[0-3]>[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d ")
            self.assertRegex(line, r" posta/\w+\[\d+\]: ")
            seen += line + "\n"
        self.assertIn("<22>", seen)
        self.assertEqual(self.server.stop(), 0)
        self.assertNotIn("letter.accepted", self.server.log_text())


class RefusedNetworks(Operations):
    settings = 'smtp.refused_networks = ["127.0.0.2"]'

    def test_who_is_refused_hears_554(self):
        self.server.start()
        with socket.create_connection(("127.0.0.1", self.server.smtp_port), 60,
                                      source_address=("127.0.0.2", 0)) as peer:
            self.assertTrue(peer.recv(100).startswith(b"554 5.7.1 "))
            peer.sendall(b"NOOP\r\nQUIT\r\n")
            said = b""
            while chunk := peer.recv(1000):
                said += chunk
            self.assertTrue(said.startswith(b"503 5.5.1"), said)
            self.assertIn(b"\r\n221 2.0.0", said)
        self.send()
        self.assertIn("refused", self.ok("trace", "127.0.0.2"))
        self.server.configure("smtp.refuse_at_once = true")
        self.server.reload("config.reloaded")
        self.assertNotIn("restart_needed", self.server.log_text())
        with socket.create_connection(("127.0.0.1", self.server.smtp_port), 60,
                                      source_address=("127.0.0.2", 0)) as peer:
            self.assertTrue(peer.recv(100).startswith(b"521 "))


class Version(unittest.TestCase):
    def test_version_answers_programs(self):
        done = subprocess.run([program(), "version", "--json"], capture_output=True, text=True,
                              check=True)
        self.assertRegex(json.loads(done.stdout)["version"], r"^\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
