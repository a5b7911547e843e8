"""The PROXY protocol on ports of its own: who the proxy names is the client, everywhere."""

import contextlib
import imaplib
import poplib
import re
import socket
import ssl
import struct
import unittest

from lib.server import DOMAIN, Server, wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
CLIENT = "192.0.2.7"


def v1(client, port=4711):
    return f"PROXY TCP4 {client} 198.51.100.1 {port} 25\r\n".encode()


def v2(client, port=4711):
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    there = "2001:db8::1" if ":" in client else "198.51.100.1"
    ends = (socket.inet_pton(family, client) + socket.inet_pton(family, there)
            + struct.pack("!HH", port, 25))
    return (SIGNATURE + bytes([0x21, 0x21 if ":" in client else 0x11])
            + struct.pack("!H", len(ends)) + ends)


LOCAL = SIGNATURE + bytes([0x20, 0]) + struct.pack("!H", 0)


def unverified():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Pop3s(poplib.POP3_SSL):
    """POP3 in TLS, behind a header."""

    def __init__(self, port, header):
        self.header = header
        super().__init__("127.0.0.1", port, context=unverified(), timeout=30)

    def _create_socket(self, timeout):
        plain = socket.create_connection((self.host, self.port), timeout)
        plain.sendall(self.header)
        return self.context.wrap_socket(plain)


class Imaps(imaplib.IMAP4_SSL):
    def __init__(self, port, header):
        self.header = header
        super().__init__("127.0.0.1", port, ssl_context=unverified(), timeout=30)

    def _create_socket(self, timeout):
        plain = socket.create_connection((self.host, self.port), timeout)
        plain.sendall(self.header)
        return self.ssl_context.wrap_socket(plain)


class Proxy(unittest.TestCase):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)
        self.ports = {name: self.server.offset + 150 + n for n, name in enumerate(
            ("smtp", "submission", "pop3s", "imaps"))}
        self.server.configure("\n".join(
            [f'{name}.proxy_listen = ["127.0.0.1:{port}"]' for name, port in self.ports.items()]
            + ['proxy.networks = ["127.0.0.1"]', 'smtp.refused_networks = ["192.0.2.66"]',
               "smtp.sessions_per_address_max = 1", "login.address_failures_max = 2"]))
        self.server.start()

    def smtp(self, header, source="127.0.0.1", port=None):
        """A connection that has said the header, and its file."""
        peer = socket.create_connection(("127.0.0.1", port or self.ports["smtp"]), 30, (source, 0))
        self.addCleanup(peer.close)
        with contextlib.suppress(ConnectionError):  # it may be closed already
            peer.sendall(header)
        return peer.makefile("rwb", buffering=0)

    def closed(self, lines):
        """True if nothing is said before the end."""
        with contextlib.suppress(ConnectionResetError):
            return lines.read() == b""
        return True

    def refusals(self, why):
        return len(re.findall(rf" proxy\.refused: .*{why}", self.server.log_text()))

    def send(self, lines, subject):
        self.assertEqual(lines.readline()[:3], b"220")
        for words, code in ((b"HELO c.example.net", b"250"), (b"MAIL FROM:<x@example.net>", b"250"),
                            (b"RCPT TO:<ann@example.org>", b"250"), (b"DATA", b"354"),
                            (f"Subject: {subject}\r\n\r\nhello\r\n.".encode(), b"250"),
                            (b"QUIT", b"221")):
            lines.write(words + b"\r\n")
            self.assertEqual(lines.readline()[:3], code, words)

    def test_received_and_events_name_the_client(self):
        for number, header in enumerate((v1(CLIENT), v2(CLIENT), v2("2001:db8::7"))):
            self.send(self.smtp(header), f"letter {number}")
        texts = self.server.wait_for_mail("ann", 3)
        self.assertEqual(sum(f"[{CLIENT}]" in text for text in texts), 2, texts)
        self.assertEqual(sum("[IPv6:2001:db8::7]" in text for text in texts), 1, texts)
        self.assertIn(f"peer={CLIENT}", self.server.log_text())

    def test_a_health_check_keeps_the_address_of_the_proxy(self):
        lines = self.smtp(LOCAL)
        self.assertEqual(lines.readline()[:3], b"220")
        lines.write(b"EHLO c.example.net\r\n")
        self.assertIn(b"[127.0.0.1]", lines.readline())

    def test_limits_count_clients_and_not_the_proxy(self):
        first = self.smtp(v2(CLIENT))
        self.assertEqual(first.readline()[:3], b"220")
        same = self.smtp(v1(CLIENT))
        self.assertEqual(same.readline()[:3], b"421")
        self.assertEqual(self.smtp(v2("192.0.2.8")).readline()[:3], b"220")

    def test_networks_are_refused_by_the_address_of_the_client(self):
        self.assertEqual(self.smtp(v2("192.0.2.66")).readline()[:3], b"554")

    def test_tls_comes_after_the_header(self):
        imap = Imaps(self.ports["imaps"], v2(CLIENT))
        imap.login(f"ann@{DOMAIN}", self.server.password("ann"))
        imap.logout()
        accepted = rf"login\.accepted: .*peer={CLIENT}"
        wait_until(lambda: re.search(accepted, self.server.log_text()), "the login")

    def test_logins_are_throttled_by_client(self):
        def login(client, password):
            session = Pop3s(self.ports["pop3s"], v1(client))
            try:
                session.user(f"ann@{DOMAIN}")
                return session.pass_(password)
            except poplib.error_proto as no:
                return no.args[0]
            finally:
                session.close()

        for _ in range(2):
            self.assertIn(b"[AUTH]", login("192.0.2.9", "wrong"))
        self.assertNotIn(b"[AUTH]", login("192.0.2.9", self.server.password("ann")))
        self.assertTrue(login("192.0.2.10", self.server.password("ann")).startswith(b"+OK"))

    def test_submission_in_clear_is_not_offered_to_a_client_from_elsewhere(self):
        lines = self.smtp(v2(CLIENT), port=self.ports["submission"])
        self.assertEqual(lines.readline()[:3], b"220")
        lines.write(b"EHLO c.example.net\r\n")
        said = []
        while not said or said[-1][3:4] == b"-":
            said.append(lines.readline())
        self.assertTrue(any(b"STARTTLS" in line for line in said))
        self.assertFalse(any(b"AUTH" in line for line in said))

    def test_nobody_types_by_hand_behind_a_proxy(self):
        usual = self.smtp(b"noop\n", port=self.server.smtp_port)
        self.assertEqual([usual.readline()[:3] for _ in range(2)], [b"220", b"250"])
        proxied = self.smtp(v1("127.0.0.1") + b"noop\n")
        self.assertEqual([proxied.readline()[:3] for _ in range(2)], [b"220", b"500"])

    def test_a_wrong_header_is_closed_without_a_word(self):
        for wrong in (b"EHLO c.example.net\r\n", b"PROXY TCP4 nonsense\r\n",
                      SIGNATURE + b"\x31\x11\0\0"):
            self.assertTrue(self.closed(self.smtp(wrong)), wrong)
        wait_until(lambda: self.refusals("") == 3, "the events")

    def test_no_header_is_closed_in_time(self):
        self.assertTrue(self.closed(self.smtp(b"PROXY TC")))
        wait_until(lambda: self.refusals("") == 1, "the event")

    def test_who_is_no_proxy_of_ours_is_closed_without_a_word(self):
        self.assertTrue(self.closed(self.smtp(v2(CLIENT), source="127.0.0.9")))
        wait_until(lambda: self.refusals("not a proxy of ours") == 1, "the event")

    def test_other_ports_take_no_header(self):
        lines = self.smtp(v1(CLIENT), port=self.server.smtp_port)
        self.assertEqual(lines.readline()[:3], b"220")
        self.assertEqual(lines.readline()[:1], b"5")

    def test_a_port_changes_its_kind_by_reload(self):
        port = self.ports["smtp"]
        ordinary, nothing = (f'smtp.listen = ["127.0.0.1:{self.server.smtp_port}", '
                             f'"127.0.0.1:{port}"]', "smtp.proxy_listen = []")
        self.server.configure(f"{ordinary}\n{nothing}")
        self.server.reload("config.reloaded")
        wait_until(lambda: self.smtp(b"", port=port).readline()[:3] == b"220", "a greeting")
        self.server.configure(f'smtp.listen = ["127.0.0.1:{self.server.smtp_port}"]\n'
                              f'smtp.proxy_listen = ["127.0.0.1:{port}"]\n'
                              'proxy.networks = ["127.0.0.9"]')
        self.server.reload("config.reloaded")
        wait_until(lambda: self.closed(self.smtp(v1(CLIENT), port=port)), "another network")
        self.assertEqual(self.smtp(v1(CLIENT), "127.0.0.9").readline()[:3], b"220")

    def test_check_and_explain_know_the_door(self):
        explained = self.server.run("config", "explain", "imaps.proxy_listen").stdout
        self.assertIn("PROXY", explained)
        self.assertIn(f'now: ["127.0.0.1:{self.ports["imaps"]}"]', explained)
        self.server.stop()
        checked = self.server.run("check").stdout
        self.assertIn(f"smtp on 127.0.0.1:{self.ports['smtp']} by proxy is free", checked)
        self.server.configure("proxy.networks = []")
        checked = self.server.run("check")
        self.assertEqual(checked.returncode, 1)
        self.assertIn("proxy_listen: takes connections from your proxies alone",
                      checked.stdout + checked.stderr)


if __name__ == "__main__":
    unittest.main()
