"""TLS as people's programs speak it, and certificates that change while they do."""

import pathlib
import poplib
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import unittest

from lib.server import DOMAIN, Server


def unverified():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def self_signed(folder, name, days):
    """(certificate, key) for `name`, by openssl; negative days: expired."""
    key, certificate = pathlib.Path(folder) / "key.pem", pathlib.Path(folder) / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", str(days),
                    "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True)
    return certificate, key


def signed(folder, name, extensions, issuer=None):
    """(certificate, key) for `name`, signed by `issuer`, such a pair, or by itself; by openssl."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", f"/CN={name}", "-days", "30", "-keyout", key, "-out", certificate]
    for extension in extensions:
        words += ["-addext", extension]
    if issuer:
        words += ["-CA", issuer[0], "-CAkey", issuer[1]]
    subprocess.run(words, check=True, capture_output=True)
    return certificate, key


class Tls(unittest.TestCase):
    def setUp(self):
        self.server = Server(accounts=("ann",))
        self.addCleanup(self.server.close)
        self.user = f"ann@{DOMAIN}:{self.server.password('ann')}"

    def call(self, *words, text=None, code=0):
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def trusted(self):
        """Believes the certificate of quickstart, and looks at the name."""
        return ssl.create_default_context(cafile=str(self.server.directory / "tls/cert.pem"))

    def pop3s(self, context=None):
        return poplib.POP3_SSL("127.0.0.1", self.server.pop3s_port,
                               context=context or unverified(), timeout=30)

    def install(self, name, days=30):
        """Puts another certificate where the configuration looks."""
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = self_signed(folder, name, days)
            shutil.copyfile(certificate, self.server.directory / "tls/cert.pem")
            shutil.copyfile(key, self.server.directory / "tls/key.pem")

    def test_swaks_sends_after_starttls(self):
        self.server.start()
        said = self.call("swaks", "--tls", "--server", f"127.0.0.1:{self.server.smtp_port}",
                         "--from", "bob@example.net", "--to", "ann@example.org",
                         "--ehlo", "host.example.net", "--header", "Subject: by swaks in TLS")
        self.assertIn("TLS started", said)
        message = self.call("curl", "-sS", "-u", self.user,
                            f"pop3://127.0.0.1:{self.server.pop3_port}/2")
        self.assertIn("(using TLSv1.", message)
        self.assertIn("with ESMTPS id", message)

    def test_curl_sends_and_reads_in_tls(self):
        self.server.start()
        self.call("curl", "-sS", "--insecure", "--ssl-reqd",
                  f"smtp://127.0.0.1:{self.server.smtp_port}", "--mail-from", "bob@example.net",
                  "--mail-rcpt", "ann@example.org", "-T", "-",
                  text="Subject: by curl\r\n\r\nhello\r\n")
        pop3s = f"pop3s://127.0.0.1:{self.server.pop3s_port}/"
        self.assertIn("Subject: by curl",
                      self.call("curl", "-sS", "--insecure", "-u", self.user, pop3s + "2"))
        self.assertIn("Subject: by curl",
                      self.call("curl", "-sS", "--insecure", "--ssl-reqd", "-u", self.user,
                                f"pop3://127.0.0.1:{self.server.pop3_port}/2"))
        self.call("curl", "-sS", "-u", self.user, pop3s, code=60)  # nobody has signed it

    def test_openssl_speaks_starttls_with_either_version(self):
        self.server.start()
        for version, says in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            for protocol, port in (("smtp", self.server.smtp_port),
                                   ("pop3", self.server.pop3_port)):
                said = self.call("openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                                 "-starttls", protocol, version, "-brief", text="QUIT\r\n")
                self.assertIn(f"Protocol version: {says}", said)
        refused = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.pop3s_port}", "-tls1_1",
             "-cipher", "ALL:@SECLEVEL=0"], input="", capture_output=True, text=True, timeout=60,
            check=False)
        self.assertNotEqual(refused.returncode, 0)

    def test_a_session_is_resumed_after_a_reload(self):
        self.server.start()
        context = unverified()
        session = None
        for number in range(3):
            with socket.create_connection(("127.0.0.1", self.server.pop3s_port), 30) as plain:
                with context.wrap_socket(plain, server_hostname="mx.example.org",
                                         session=session) as peer:
                    self.assertTrue(peer.recv(200).startswith(b"+OK"))
                    self.assertEqual(peer.session_reused, number > 0)
                    session = peer.session
            self.server.reload("config.reloaded")

    def test_the_name_in_the_certificate_is_the_hostname(self):
        self.server.start()
        with socket.create_connection(("127.0.0.1", self.server.pop3s_port), 30) as plain:
            with self.trusted().wrap_socket(plain, server_hostname="mx.example.org") as peer:
                self.assertTrue(peer.recv(200).startswith(b"+OK"))

    def test_a_new_certificate_is_shown_to_new_connections_and_the_old_ones_go_on(self):
        self.server.start()
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=30) as smtp:
            smtp.starttls(context=unverified())
            smtp.ehlo()
            smtp.mail("bob@example.net")
            smtp.rcpt("ann@example.org")
            pop3 = self.pop3s()
            before = pop3.sock.getpeercert(binary_form=True)
            self.install("new.example.org")
            self.server.reload("config.reloaded")
            fresh = self.pop3s()
            self.assertNotEqual(fresh.sock.getpeercert(binary_form=True), before)
            fresh.quit()
            pop3.user(f"ann@{DOMAIN}")
            pop3.pass_(self.server.password("ann"))
            self.assertEqual(pop3.stat()[0], 1)
            pop3.quit()
            self.assertEqual(smtp.data(b"Subject: a\r\n\r\nhello\r\n")[0], 250)
        self.assertEqual(self.server.stop(), 0)

    def test_what_is_broken_is_refused_and_the_old_stays_in_force(self):
        self.server.start()
        config = self.server.directory / "posta.toml"
        good = config.read_text()
        config.write_text(good.replace("[smtp]", "[smtp]\nnonsense = 1"))
        line = self.server.reload("config.refused")
        self.assertRegex(line, r"posta\.toml:\d+: unknown key smtp\.nonsense")
        config.write_text(good)
        (self.server.directory / "tls/key.pem").write_text("nothing")
        line = self.server.reload("config.refused")
        self.assertIn("tls/cert.pem: no private key", line)
        self.pop3s().quit()

    def test_what_can_change_changes_and_what_cannot_is_said(self):
        self.server.start()
        old = poplib.POP3("127.0.0.1", self.server.pop3_port, timeout=30)
        config = self.server.directory / "posta.toml"
        config.write_text("loops = 3\n" + config.read_text())
        self.server.configure('smtp.banner = "changed"\nsmtp.message_octets_max = "1MiB"\n'
                              'log.format = "json"')
        line = self.server.reload("config.restart_needed")
        self.assertIn("loops", line)
        self.assertIn("restart to apply", line)
        self.assertNotIn("smtp", line)
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=30) as smtp:
            self.assertIn(b"changed", smtp.connect("127.0.0.1", self.server.smtp_port)[1])
            smtp.ehlo()
            self.assertEqual(smtp.esmtp_features["size"], str(1 << 20))
        self.assertIn('"event":"app.config.restart_needed"', self.server.reload("restart_needed"))
        old.quit()

    def test_a_chain_that_begins_with_its_issuer_is_said_to_be_turned(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            above = signed(folder, "authority", ["basicConstraints=critical,CA:TRUE"])
            host = signed(folder, "mx.example.org", ["subjectAltName=DNS:mx.example.org"], above)
            tls = self.server.directory / "tls"
            (tls / "cert.pem").write_bytes(above[0].read_bytes() + host[0].read_bytes())
            (tls / "key.pem").write_bytes(host[1].read_bytes())
        self.assertIn("the key belongs to a later certificate in it: turn the order",
                      self.server.run("check").stdout)

    def test_check_says_what_is_wrong_with_certificates(self):
        def says(what):
            done = self.server.run("check")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(what, done.stdout)
        self.assertRegex(self.server.run("check").stdout, "is good until .*; signed by itself")
        key = self.server.directory / "tls/key.pem"
        key.chmod(0o644)
        says("chmod 600")
        key.chmod(0o600)
        self.install("other.example.org")
        says("no certificate names mx.example.org")
        self.install("mx.example.org", days=3)
        says("expires in ")
        key.unlink()
        says("cannot read")

    def test_a_chain_is_sent_whole_and_check_knows_a_broken_one(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        authority = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
        root = signed(folder, "root", authority)
        middle = signed(folder, "middle", authority, root)
        host = signed(folder, "mx.example.org",
                      ("basicConstraints=critical,CA:FALSE", "subjectAltName=DNS:mx.example.org"),
                      middle)
        def install(*chain):
            text = "".join(certificate.read_text() for certificate in chain)
            (self.server.directory / "tls/cert.pem").write_text(text)
            return self.server.run("check")
        shutil.copyfile(host[1], self.server.directory / "tls/key.pem")
        self.assertIn("without the certificate of its issuer, CN=middle", install(host[0]).stdout)
        wrong = install(host[0], root[0], middle[0])
        self.assertEqual(wrong.returncode, 1, wrong.stdout)
        self.assertIn("wrong order", wrong.stdout)
        right = install(host[0], middle[0])
        self.assertNotIn("issuer", right.stdout)
        self.server.start()
        who = ssl.create_default_context(cafile=str(root[0]))  # knows the root alone
        with socket.create_connection(("127.0.0.1", self.server.pop3s_port), 30) as plain:
            with who.wrap_socket(plain, server_hostname="mx.example.org") as peer:
                self.assertTrue(peer.recv(200).startswith(b"+OK"))

    def test_a_server_without_its_key_does_not_start(self):
        (self.server.directory / "tls/key.pem").unlink()
        done = self.server.run("serve")
        self.assertEqual(done.returncode, 1)
        self.assertIn("tls/key.pem", done.stderr)


if __name__ == "__main__":
    unittest.main()
