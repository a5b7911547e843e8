"""The IMAP rows: one mailbox of many messages, and connections that idle.

The client reads from a plain socket and looks only for the tagged response, so that its own time is
small beside the server's. Times are milliseconds from the command to the tagged OK.
"""

import json
import os
import pathlib
import random
import re
import select
import socket
import subprocess
import threading
import time

import process

WORDS = ("river stone window market letter garden evening winter number paper morning silver "
         "question engine bridge forest island harvest signal pocket").split()
RECEIVE = 1 << 20
IDLE_LETTERS = 50


class Client:
    def __init__(self, port, user, secret):
        self.socket = socket.create_connection(("127.0.0.1", port), 120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.tags = 0
        self._until(b"\r\n")
        self.ask(f'LOGIN "{user}" "{secret}"')

    def _until(self, mark):
        """Octets through the line that begins with `mark`, or through `mark` = CRLF."""
        parts, tail, size = [self.rest], self.rest[-4096:], len(self.rest)
        while True:
            if mark == b"\r\n":
                if b"\r\n" in tail:
                    break
            else:
                at = tail.rfind(mark)
                if at >= 0 and tail.endswith(b"\r\n") and (
                        at == 0 and size <= 4096 or tail[at - 2:at] == b"\r\n"):
                    break
            got = self.socket.recv(RECEIVE)
            if not got:
                raise RuntimeError(f"the connection ended: {tail[-300:]}")
            parts.append(got)
            size += len(got)
            tail = (tail + got)[-4096:]
        self.rest = b""
        return b"".join(parts)

    def send(self, octets):
        self.socket.sendall(octets)

    def ask(self, command):
        """(milliseconds, what was answered); anything but OK is an error."""
        self.tags += 1
        tag = b"x%d " % self.tags
        began = time.perf_counter()
        self.send(tag + command.encode() + b"\r\n")
        answer = self._until(tag)
        milliseconds = (time.perf_counter() - began) * 1000
        last = answer[answer.rfind(tag):]
        if not last.startswith(tag + b"OK"):
            raise RuntimeError(f"{command[:60]}: {last[:200]}")
        return milliseconds, answer

    def close(self):
        self.socket.close()


def message(number, octets=4096):
    chance = random.Random(number)
    subject = " ".join(chance.choice(WORDS) for _ in range(4))
    head = (f"Date: Sat, 21 Nov 2026 05:14:{number % 60:02} +0000\r\n"
            f"From: \"Person {number % 97}\" <person{number % 97}@example.net>\r\n"
            f"To: user0@example.org\r\nSubject: {subject} {number}\r\n"
            f"Message-ID: <{number}.bench@example.net>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
    body = []
    size = len(head)
    while size < octets - 80:
        line = " ".join(chance.choice(WORDS) for _ in range(10)) + "\r\n"
        body.append(line)
        size += len(line)
    return (head + "".join(body)).encode()


def fill(client, mailbox, count, pipeline=100):
    """Many messages at once: what is measured comes later."""
    texts = [message(number) for number in range(200)]
    for first in range(0, count, pipeline):
        some = range(first, min(count, first + pipeline))
        out = []
        for number in some:
            client.tags += 1
            text = texts[number % len(texts)]
            out.append(b"x%d APPEND %s {%d+}\r\n" % (client.tags, mailbox, len(text)) + text
                       + b"\r\n")
        client.send(b"".join(out))
        client._until(b"x%d " % client.tags)


def best(client, command, times=5):
    return min(client.ask(command)[0] for _ in range(times))


def mailbox(system, count):
    """All rows of a mailbox of `count` messages; milliseconds."""
    client = Client(system.imap_port, *system.credentials(0))
    client.ask("CREATE big")
    client.ask("CREATE other")
    fill(client, b"big", count)
    figures = {"messages": count}
    figures["select"] = best(client, "SELECT big", 9)
    figures["flags"] = best(client, "FETCH 1:* (FLAGS UID)")
    figures["envelopes"] = best(
        client, "FETCH 1:* (ENVELOPE INTERNALDATE RFC822.SIZE BODYSTRUCTURE)", 3)
    figures["fields"] = best(client, "FETCH 1:* BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)]", 3)
    figures["store"] = min(client.ask(f"STORE 1:* {sign}FLAGS.SILENT (\\Flagged)")[0]
                           for sign in "+-+-")
    figures["unseen"] = best(client, "SEARCH UNSEEN")
    figures["subject"] = best(client, "SEARCH SUBJECT winter", 2)
    part = max(1, count // 10)
    figures["copy"] = client.ask(f"COPY 1:{part} other")[0]
    figures["move"] = client.ask(f"MOVE 1:{part} other")[0]
    client.ask(f"STORE 1:{part} +FLAGS.SILENT (\\Deleted)")
    figures["expunge"] = client.ask("UID EXPUNGE 1:*")[0]
    figures["fair_p99"] = fairness(system, client)
    client.close()
    return figures


def moved(system, number, count, at_once=500):
    """FETCH in a mailbox whose messages came from INBOX, in another order than they arrived; and
    SELECT of it after a restart."""
    client = Client(system.imap_port, *system.credentials(number))
    client.ask("CREATE moved")
    next_uid = re.search(rb"UIDNEXT (\d+)", client.ask("SELECT INBOX")[1])
    uids = list(range(1, int(next_uid[1])))[-count:]
    random.Random(1).shuffle(uids)
    for first in range(0, len(uids), at_once):
        some = ",".join(map(str, sorted(uids[first:first + at_once])))
        client.ask(f"UID MOVE {some} moved")
    client.ask("SELECT moved")
    figures = {"messages": len(uids), "envelopes": best(
        client, "FETCH 1:* (ENVELOPE INTERNALDATE RFC822.SIZE BODYSTRUCTURE)", 3)}
    client.close()
    figures["select_cold"] = min(select_after_restart(system, number) for _ in range(3))
    return figures


def select_after_restart(system, number):
    """With the kernel's caches dropped too, where that is allowed."""
    system.stop()
    drop_caches()
    system.start()
    client = Client(system.imap_port, *system.credentials(number))
    milliseconds = client.ask("SELECT moved")[0]
    client.close()
    return milliseconds


def drop_caches():
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
    except OSError:
        pass


def fairness(system, heavy):
    """p99 of another session's NOOP while one fetches everything."""
    other = Client(system.imap_port, *system.credentials(1))
    other.ask("SELECT INBOX")
    done = threading.Event()

    def fetch():
        try:
            heavy.ask("FETCH 1:* (ENVELOPE INTERNALDATE RFC822.SIZE BODYSTRUCTURE)")
        finally:
            done.set()

    thread = threading.Thread(target=fetch)
    thread.start()
    times = []
    while not done.is_set():
        times.append(other.ask("NOOP")[0])
        time.sleep(0.0005)
    thread.join()
    other.close()
    times.sort()
    return times[int(len(times) * 0.99)] if times else None


def append_one_at_a_time(system, program, count):
    user, secret = system.credentials(2)
    done = subprocess.run([program, "--port", str(system.imap_port), "--user", user, "--mailbox",
                           "appended", "--messages", str(count)], input=secret + "\n",
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def idle(system, count):
    """KiB for each idling connection (PSS), and milliseconds from DATA's end to EXISTS."""
    user, secret = system.credentials(3)
    clients = []
    soak = []
    for _ in range(count // 10):
        soak.append(Client(system.imap_port, user, secret))
    for one in soak:
        one.close()
    time.sleep(1)
    before = process.pss_octets(system.pids())
    for _ in range(count):
        client = Client(system.imap_port, user, secret)
        client.ask("SELECT INBOX")
        client.send(b"i IDLE\r\n")
        client._until(b"\r\n")
        clients.append(client)
    time.sleep(2)
    after = process.pss_octets(system.pids())
    figures = {"connections": count, "kib": (after - before) / 1024 / count}
    figures.update(wake_up(system, clients[0], user))
    for client in clients:
        client.close()
    return figures


def wake_up(system, idler, user):
    address = user if "@" in user else f"{user}@example.org"
    smtp = socket.create_connection(("127.0.0.1", system.smtp_port), 60)
    smtp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say(octets):
        smtp.sendall(octets)
        return smtp.recv(4096)

    smtp.recv(4096)
    say(b"EHLO client.example.net\r\n")
    delays = []
    for number in range(IDLE_LETTERS):
        say(b"MAIL FROM:<a@example.net>\r\n")
        say(b"RCPT TO:<%s>\r\n" % address.encode())
        say(b"DATA\r\n")
        smtp.sendall(b"Subject: %d\r\n\r\nx\r\n.\r\n" % number)
        smtp.recv(4096)
        began = time.perf_counter()  # 250: it is in the mailbox
        seen = b""
        while not re.search(rb"\* \d+ EXISTS", seen):
            if not select.select([idler.socket], [], [], 10)[0]:
                raise RuntimeError("no news in ten seconds")
            seen += idler.socket.recv(4096)
        delays.append((time.perf_counter() - began) * 1000)
        time.sleep(0.02)
        if select.select([idler.socket], [], [], 0)[0]:
            idler.socket.recv(4096)
    smtp.close()
    delays.sort()
    return {"wake_ms": delays[len(delays) // 2]}


def pop3_listing(system, number, count):
    """STAT, LIST and UIDL of a maildrop of `count` messages, milliseconds."""
    client = Client(system.imap_port, *system.credentials(number))
    fill(client, b"INBOX", count)
    client.close()
    session = system.login(number)
    session.stat()
    began = time.perf_counter()
    session.sock.sendall(b"STAT\r\nLIST\r\nUIDL\r\n")
    dots, tail = 0, b""
    while dots < 2:
        got = session.sock.recv(RECEIVE)
        dots += (tail + got).count(b"\r\n.\r\n") - tail.count(b"\r\n.\r\n")
        tail = got[-4:]
    milliseconds = (time.perf_counter() - began) * 1000
    session.close()
    return {"messages": count, "ms": milliseconds}
