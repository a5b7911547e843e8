"""Mail between hosts: two posta servers and a DNS server on loopback, smarthosts, reports.

North and south listen on addresses of their own with one port, as hosts do with 25; the DNS says
who takes whose mail.
"""

import json
import os
import pathlib
import shutil
import smtplib
import time
import unittest

from lib.names import Names
from lib.server import Server, free_port_offset
from lib.sink import Sink

NORTH, SOUTH, DOWN = "127.0.0.2", "127.0.0.3", "127.0.0.4"


def settings(names, port, more=""):
    return f"""\
dns.servers = ["127.0.0.1:{names.port}"]
dns.dnssec = "off"
outbound.port = {port}
outbound.loopback_hosts = true
queue.retry_first = "1s"
queue.retry_max = "2s"
{more}"""


class Hosts(unittest.TestCase):
    """`north.example` and `south.example`."""

    def setUp(self):
        self.offset = free_port_offset()
        self.port = self.offset + 25
        self.names = Names(
            mx=[("north.example", "mx.north.example", 10),
                ("south.example", "mx.south.example", 10),
                ("backup.example", "mx.down.example", 5),
                ("backup.example", "mx.south.example", 10),
                ("circle.example", "mx.north.example", 10)],
            hosts=[("mx.north.example", NORTH), ("mx.south.example", SOUTH),
                   ("mx.down.example", DOWN), ("plain.example", SOUTH)],
            null_mx=["null.example"])
        self.addCleanup(self.names.close)
        self.north = self.host("north.example", NORTH, self.more_for_north())
        self.south = self.host("south.example", SOUTH)

    def more_for_north(self):
        return ""

    def host(self, domain, address, more=""):
        server = Server(accounts=("ann", "bob"), domain=domain, hostname=f"mx.{domain}",
                        address=address, offset=self.offset,
                        settings=settings(self.names, self.port, more))
        self.addCleanup(server.close)
        server.start()
        return server

    def alias(self, server, name, *targets):
        done = server.run("alias", "add", f"{name}@{server.domain}", *targets)
        self.assertEqual(done.returncode, 0, done.stderr)

    def send(self, server, recipient, sender="ann@north.example", subject="hello", extra=""):
        with smtplib.SMTP(server.address, server.smtp_port, "client.example", 30) as session:
            session.sendmail(sender, [recipient],
                             f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n"
                             f"{extra}\r\nA line.\r\n.A dot.\r\n")

    def wait_until_empty(self, server, seconds=30):
        end = time.monotonic() + seconds
        while json.loads(server.run("queue", "list", "--json").stdout):
            self.assertLess(time.monotonic(), end, server.log_text()[-3000:])
            time.sleep(0.05)


class MailBetweenHosts(Hosts):
    def test_a_letter_goes_by_mx_and_its_answer_comes_back(self):
        self.alias(self.north, "to-south", "bob@south.example")
        self.alias(self.south, "to-north", "ann@north.example")
        self.send(self.north, "to-south@north.example")
        text = self.south.wait_for_mail("bob")[0]
        self.assertIn("A line.\n.A dot.", text)
        self.assertIn("Return-Path: <ann@north.example>", text)
        self.assertIn("by mx.north.example", text)
        self.assertIn("by mx.south.example", text)
        self.send(self.south, "to-north@south.example", sender="bob@south.example")
        self.assertIn("by mx.south.example", self.north.wait_for_mail("ann")[0])
        self.wait_until_empty(self.north)

    def test_the_next_mx_is_used_when_the_first_is_down(self):
        self.south.run("domain", "add", "backup.example")
        self.assertEqual(self.south.run("alias", "add", "sue@backup.example",
                                        "bob@south.example").returncode, 0)
        self.alias(self.north, "backup", "sue@backup.example")
        self.send(self.north, "backup@north.example")
        self.assertIn("A line.", self.south.wait_for_mail("bob")[0])

    def test_a_domain_without_mx_is_its_own_host(self):
        self.south.run("domain", "add", "plain.example")
        self.south.run("alias", "add", "sue@plain.example", "bob@south.example")
        self.alias(self.north, "plain", "sue@plain.example")
        self.send(self.north, "plain@north.example")
        self.south.wait_for_mail("bob")

    def test_what_cannot_be_delivered_is_reported(self):
        for name, target, status in [("null", "x@null.example", "5.1.10"),
                                     ("gone", "x@nowhere.example", "5.1.2"),
                                     ("circle", "x@circle.example", "5.4.6"),
                                     ("nobody", "nobody@south.example", "5.1.1")]:
            self.alias(self.north, name, target)
            self.send(self.north, f"{name}@north.example", subject=name)
        reports = "\n".join(self.north.wait_for_mail("ann", 4))
        for words in ["Status: 5.1.10", "Status: 5.1.2", "Status: 5.4.6", "Status: 5.1.1",
                      "Remote-MTA: dns; mx.south.example",
                      "Final-Recipient: rfc822; x@null.example"]:
            self.assertIn(words, reports)
        self.wait_until_empty(self.north)

    def test_a_report_finds_its_way_to_another_host(self):
        self.send(self.south, "bob@south.example")  # a sender at north: no report
        self.alias(self.south, "lost", "x@null.example")
        self.send(self.south, "lost@south.example", sender="ann@north.example")
        report = self.north.wait_for_mail("ann")[0]
        self.assertIn("Status: 5.1.10", report)
        self.assertIn("Return-Path: <>", report)
        self.assertIn("by mx.north.example", report)

    def test_mail_waits_for_a_host_that_is_down_and_survives_a_kill(self):
        self.alias(self.north, "to-south", "bob@south.example")
        self.south.stop()
        self.send(self.north, "to-south@north.example")
        time.sleep(0.5)
        owed = json.loads(self.north.run("queue", "list", "--json").stdout)
        self.assertEqual(owed[0]["owed"][0]["to"], "bob@south.example")
        self.assertIn("4.4.1", owed[0]["owed"][0]["last_reply"])
        self.north.kill()
        self.north.start()
        self.south.start()
        self.south.wait_for_mail("bob")
        self.wait_until_empty(self.north)


class Smarthost(Hosts):
    def more_for_north(self):
        self.sink = Sink(address=DOWN, name="mx.down.example", login=("ann", "secret"))
        self.addCleanup(self.sink.close)
        self.secret = pathlib.Path(self.sink.folder.name) / "secret"
        self.secret.write_text("secret\n")
        self.secret.chmod(0o600)
        return (f'relayhost = "[mx.down.example]:{self.sink.port} user=ann '
                f'password_file={self.secret}"\n'
                f'outbound.tls_ca_file = "{self.sink.ca_file}"\n')

    def test_everything_goes_there_with_tls_and_credentials(self):
        self.alias(self.north, "out", "sue@anywhere.example", "x@null.example")
        self.send(self.north, "out@north.example")
        self.wait_until_empty(self.north)
        sender, recipients, message, tls = self.sink.letters[0]
        self.assertEqual((sender, sorted(recipients), tls),
                         ("ann@north.example", ["sue@anywhere.example", "x@null.example"], True))
        self.assertIn(b"A line.\r\n.A dot.\r\n", message)
        auth = next(i for i, line in enumerate(self.sink.lines) if line.startswith("AUTH"))
        self.assertIn("STARTTLS", self.sink.lines[:auth])
        shown = self.north.run("config", "show").stdout
        self.assertIn("mx.down.example", shown)
        self.assertNotIn("password=secret", shown)

    def test_a_password_file_that_others_can_read_is_refused(self):
        self.north.stop()
        self.secret.chmod(0o644)
        with self.assertRaises(RuntimeError) as raised:
            self.north.start()
        self.north.process = None
        self.assertIn("chmod 600", str(raised.exception))

    @unittest.skipUnless(os.geteuid() == 0, "only root has secrets that the server cannot read")
    def test_commands_need_no_secret_of_mail_that_leaves(self):
        self.north.stop()
        os.chown(self.secret, 0, 0)
        for words in (("account", "list"), ("queue", "list"), ("check", "--store")):
            done = self.north.run(*words)
            self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        self.assertRegex(self.north.run("check").stdout,
                         "note .* is closed to nobody, who could not read .*secret")

    def test_a_reload_refuses_what_could_not_start(self):
        self.secret.rename(self.secret.with_suffix(".away"))
        line = self.north.reload("config.refused")
        self.assertIn(f"relayhost: cannot read {self.secret}", line)
        self.secret.write_text("\n")
        self.secret.chmod(0o600)
        self.assertIn("has no password in its first line", self.north.reload("config.refused"))
        self.secret.chmod(0o644)
        self.assertIn("chmod 600", self.north.reload("config.refused"))
        self.north.kill_server()  # the next one starts with what was good

    def test_a_reload_without_a_supervisor_refuses_it_too(self):
        self.north.stop()
        secret = self.north.directory / "relay.secret"
        shutil.copyfile(self.secret, secret)
        shutil.copymode(self.secret, secret)
        os.chown(secret, *(lambda its: (its.st_uid, its.st_gid))(self.north.directory.stat()))
        self.north.configure(f'relayhost = "[{DOWN}]:{self.sink.port} user=ann '
                             'password_file=relay.secret"\noutbound.tls_ca_file = "tls/cert.pem"')
        self.north.start("--no-supervisor")
        self.north.reload("config.reloaded")
        secret.unlink()
        self.assertIn(f"cannot read {secret}", self.north.reload("config.refused"))

    def test_a_new_password_waits_for_a_restart_and_that_is_said(self):
        self.secret.write_text("another\n")
        line = self.north.reload("config.restart_needed")
        self.assertIn("keys=relayhost,", line)
        self.assertRegex(self.north.run("status").stdout, "(?m)^waiting +relayhost: .*restart")
        told = json.loads(self.north.run("status", "--json").stdout)
        self.assertEqual(told["waiting_for_restart"], ["relayhost"])
        self.assertRegex(self.north.run("check").stdout, "(?m)^note +relayhost .*restart")
        self.secret.write_text("secret\n")
        self.north.reload("config.reloaded")
        self.assertNotIn("waiting", self.north.run("status").stdout)

    def test_a_certificate_of_another_name_keeps_the_mail_here(self):
        self.north.stop()
        config = self.north.directory / "posta.toml"
        config.write_text(config.read_text().replace("[mx.down.example]", "[mx.south.example]")
                          .replace(f":{self.sink.port}", f":{self.port}"))
        self.north.start()
        self.alias(self.north, "out", "sue@anywhere.example")
        self.send(self.north, "out@north.example")
        time.sleep(1)
        owed = json.loads(self.north.run("queue", "list", "--json").stdout)
        self.assertIn("4.7.", owed[0]["owed"][0]["last_reply"])


class Greylist(Hosts):
    def more_for_north(self):
        self.sink = Sink(address=DOWN, port=0, greylist=True)
        self.addCleanup(self.sink.close)
        return f'relayhost = "[{DOWN}]:{self.sink.port}"\n'

    def test_the_second_try_gets_through(self):
        self.alias(self.north, "out", "sue@anywhere.example")
        self.send(self.north, "out@north.example")
        self.wait_until_empty(self.north)
        self.assertEqual(len(self.sink.letters), 1)
        self.assertEqual(self.sink.letters[0][1], ["sue@anywhere.example"])
        self.assertGreaterEqual(sum(line.startswith("RCPT") for line in self.sink.lines), 2)


if __name__ == "__main__":
    unittest.main()
