"""A small SMTP server that takes mail and remembers it: a smarthost, a greylist, a black hole."""

import base64
import pathlib
import socketserver
import ssl
import subprocess
import tempfile
import threading


def certificate(folder, name):
    """A self-signed certificate for `name`: the path of chain and key in one file."""
    path = pathlib.Path(folder) / f"{name}.pem"
    key = pathlib.Path(folder) / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key),
                    "-out", str(path)], check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path


class _Session(socketserver.StreamRequestHandler):
    def say(self, *lines):
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())
        self.wfile.flush()

    def handle(self):
        sink = self.server.sink
        self.tls = self.authenticated = False
        self.say("220 sink.example ESMTP")
        sender, recipients = None, []
        while line := self.rfile.readline():
            text = line.decode().rstrip("\r\n")
            verb = text.split(" ")[0].upper()
            with sink.lock:
                sink.lines.append(text)
            if verb == "EHLO":
                self.ehlo()
            elif verb == "STARTTLS":
                self.start_tls()
            elif verb == "AUTH":
                self.auth(text)
            elif verb == "MAIL":
                sender, recipients = text[10:].split(">")[0].strip("<"), []
                allowed = self.authenticated or not sink.login
                self.say("250 2.1.0 ok" if allowed else "530 5.7.0 log in first")
            elif verb == "RCPT":
                recipient = text[8:].split(">")[0].strip("<")
                reply = sink.judge(sender, recipient)
                if reply.startswith("250"):
                    recipients.append(recipient)
                self.say(reply)
            elif verb == "DATA" and not recipients:
                self.say("554 5.5.1 no valid recipients")
            elif verb == "DATA":
                self.say("354 go on")
                message = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    message += line[1:] if line.startswith(b".") else line
                sink.take(sender, recipients, message, self.tls)
                self.say("250 2.0.0 taken")
            elif verb == "QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 ok")

    def ehlo(self):
        sink = self.server.sink
        lines = ["sink.example", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if sink.context and not self.tls:
            lines.append("STARTTLS")
        if sink.login and (self.tls or not sink.context):
            lines.append("AUTH PLAIN LOGIN")
        self.say(*["250-" + line for line in lines[:-1]], "250 " + lines[-1])

    def start_tls(self):
        self.say("220 2.0.0 go on")
        wrapped = self.server.sink.context.wrap_socket(self.connection, server_side=True)
        self.connection, self.tls = wrapped, True
        self.rfile, self.wfile = wrapped.makefile("rb"), wrapped.makefile("wb")

    def auth(self, text):
        words = text.split(" ")
        told = base64.b64decode(words[2]).split(b"\0")[1:] if len(words) > 2 else []
        self.authenticated = [part.decode() for part in told] == list(self.server.sink.login)
        self.say("235 2.7.0 welcome" if self.authenticated else "535 5.7.8 wrong")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class Sink:
    """login: (user, password) that is demanded; greylist: the first RCPT of each address is 450."""

    def __init__(self, address="127.0.0.1", port=0, name=None, login=None, greylist=False):
        self.folder = tempfile.TemporaryDirectory(prefix="posta-sink-")
        self.lock, self.lines, self.letters, self.seen = threading.Lock(), [], [], set()
        self.login, self.greylist, self.context, self.ca_file = login, greylist, None, None
        if name:
            self.ca_file = certificate(self.folder.name, name)
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(self.ca_file)
        self.server = _Server((address, port), _Session)
        self.server.sink = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def judge(self, sender, recipient):
        with self.lock:
            new = (sender, recipient) not in self.seen
            self.seen.add((sender, recipient))
        return "450 4.2.0 greylisted" if self.greylist and new else "250 2.1.5 ok"

    def take(self, sender, recipients, message, tls):
        with self.lock:
            self.letters.append((sender, recipients, message, tls))

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()
