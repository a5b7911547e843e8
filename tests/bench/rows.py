"""What is measured: each function measures one row once and returns its figures."""

import concurrent.futures
import json
import pathlib
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time

import process

SETTLED_SECONDS_MAX = 20   # for work that goes on behind the replies
VISIBLE_SECONDS_MAX = 300  # from the last reply to the last message in its mailbox
STALLED_SECONDS_MAX = 30   # without any message at the sink while some are missing
WARM_UP_MESSAGES = 200
STORE_WRITERS = (1, 16, 64)
POP3_SOAK = 2000  # connections
ACCOUNTS_THAT_POLL = 20
POLLERS = 4  # each has accounts of its own: a maildrop has one session

# row: connections, octets of a message, and in which figure of Amounts its count stands
MESSAGES_IN = {"in1": (1, 4096, "one"), "in16": (16, 4096, "many"), "in64": (64, 4096, "many"),
               "in50k": (16, 51200, "large")}


class Program:
    """The programs of the benchmark, in the folder where they were built."""

    folder = pathlib.Path()

    @classmethod
    def path(cls, name):
        return cls.folder / name


def _json_of(*words):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True,
                          check=True)
    return json.loads(done.stdout)


def load(system, connections, octets, messages, accounts):
    return _json_of(Program.path("smtp_load"), "--port", system.smtp_port, "--connections",
                    connections, "--size", octets, "--messages", messages, "--accounts", accounts)


def wait_until_visible(system, wanted):
    """The moment at which the first count began that found them all."""
    until = time.monotonic() + VISIBLE_SECONDS_MAX
    while True:
        began = time.monotonic()
        count = system.visible()
        if count >= wanted:
            return began, count
        if began > until:
            raise RuntimeError(f"{system.name}: {wanted - count} messages never came to a mailbox")
        time.sleep(0.02)


def settle(system):
    """Waits until the server rests, so that what it does after the replies is counted too."""
    until = time.monotonic() + SETTLED_SECONDS_MAX
    before = system.cpu_seconds()
    while time.monotonic() < until:
        time.sleep(0.5)
        now = system.cpu_seconds()
        if now - before <= 0.02:
            return now
        before = now
    return before


def warm_up(system, accounts):
    before = system.visible()
    accepted = load(system, 16, 4096, WARM_UP_MESSAGES, accounts)["accepted"]
    wait_until_visible(system, before + accepted)
    settle(system)


def messages_in(system, row, messages, accounts):
    connections, octets, _ = MESSAGES_IN[row]
    before, cpu = system.visible(), system.cpu_seconds()
    figures = load(system, connections, octets, messages, accounts)
    replied = time.monotonic()
    complete, count = wait_until_visible(system, before + figures["accepted"])
    if count != before + figures["accepted"]:
        raise RuntimeError(f"{system.name}: {count - before} messages came, "
                           f"{figures['accepted']} were accepted")
    seconds = figures["seconds"] + complete - replied
    accepted = figures["accepted"]
    figures.update(
        end_to_end_per_second=accepted / seconds,
        cpu_ms=(settle(system) - cpu) * 1000 / accepted,
        load_cpu_ms=figures["load_cpu_seconds"] * 1000 / accepted)
    return figures


class Stalled(Exception):
    """Accepted letters do not leave, and where they are."""


def wait_for_arrivals(system, sink, wanted):
    count, since = sink.count(), time.monotonic()
    while count < wanted:
        if time.monotonic() - since > STALLED_SECONDS_MAX:
            raise Stalled(f"{system.name}: {wanted - count} messages do not come to the sink; "
                          f"{system.explain_stall()}")
        time.sleep(0.02)
        before, count = count, sink.count()
        if count > before:
            since = time.monotonic()


def relay(system, sink, messages):
    """Letters in over 16 connections, on to the sink: how many, how long each took."""
    before, cpu = sink.count(), system.cpu_seconds()
    times = sink.base / "times"
    figures = _json_of(Program.path("smtp_load"), "--port", system.smtp_port, "--connections", 16,
                       "--size", 4096, "--messages", messages, "--accounts", 20, "--times", times)
    wait_for_arrivals(system, sink, before + figures["accepted"])
    began = struct.unpack(f"{messages}q", times.read_bytes())
    arrived = sink.arrivals()[before:]
    if sorted(number for number, _ in arrived) != list(range(messages)):
        raise RuntimeError(f"{system.name}: not every message came to the sink once")
    on_the_way = sorted((at - began[number]) / 1e6 for number, at in arrived)
    seconds = (max(at for _, at in arrived) - min(began)) / 1e9
    return {"accepted": figures["accepted"], "refused": figures["refused"],
            "per_second": figures["per_second"],
            "end_to_end_per_second": figures["accepted"] / seconds,
            "p50_ms": on_the_way[len(on_the_way) // 2],
            "p99_ms": on_the_way[len(on_the_way) * 99 // 100],
            "cpu_ms": (settle(system) - cpu) * 1000 / figures["accepted"],
            "load_cpu_ms": figures["load_cpu_seconds"] * 1000 / figures["accepted"]}


def disk(system):
    """Octets a message, of all that it holds; for posta stopped, before and after compaction."""
    messages = system.visible()
    figures = {"messages": messages, "disk_running": system.disk_octets() / messages}
    compact = Program.path("store_compact")
    if system.name != "posta":
        figures["disk"] = figures["disk_running"]
        return figures
    system.stop()
    figures["disk_stopped"] = system.disk_octets() / messages
    if compact.exists():
        subprocess.run([compact, system.mail()], check=True, stdout=subprocess.DEVNULL)
        figures["disk"] = system.disk_octets() / messages
    return figures


def memory(system):
    time.sleep(1)
    return {"pss_mb": process.pss_octets(system.pids()) / 1e6,
            "processes": len(process.tree(system.pids()))}


def _idle(system, count, connect, soak):
    """KiB for each of `count` connections made by connect(number).

    Those of `soak` are open already: they use up what lay around free.
    """
    sessions = list(soak)
    try:
        time.sleep(2)
        before = process.pss_octets(system.pids())
        for number in range(count):
            sessions.append(connect(number))
        time.sleep(2)
        after = process.pss_octets(system.pids())
    finally:
        for session in sessions:
            session.close()
    return {"connections": count, "kib": (after - before) / 1024 / count}


def _greeted(system, number):
    # An address has some 28,000 ports to connect from; loopback has 16 million addresses.
    peer = socket.create_connection(("127.0.0.1", system.pop3_port), 60,
                                    (f"127.0.1.{1 + number // 2000}", 0))
    if not peer.recv(512).startswith(b"+OK"):
        raise RuntimeError(f"{system.name}: no POP3 greeting at connection {number}")
    return peer


def _in_tls(system, number):
    """POP3 in TLS from the first octet; a full handshake each time."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", system.pop3s_port), 60,
                                     (f"127.0.1.{1 + number // 2000}", 0))
    peer = context.wrap_socket(plain, server_hostname="mx.example.org")
    if not peer.recv(512).startswith(b"+OK"):
        raise RuntimeError(f"{system.name}: no POP3 greeting at connection {number}")
    return peer


def pop3s_before_login(system, count):
    return _idle(system, count, lambda number: _in_tls(system, number),
                 [_in_tls(system, number) for number in range(count // 3)])


def handshakes(system, count):
    """Full handshakes one after the other; the server's CPU for each says what it can do."""
    settle(system)
    cpu, began = system.cpu_seconds(), time.monotonic()
    for number in range(count):
        _in_tls(system, number).close()
    seconds = time.monotonic() - began
    cpu_ms = (settle(system) - cpu) * 1000 / count
    return {"per_second": count / seconds, "cpu_ms": cpu_ms, "per_core": 1000 / max(cpu_ms, 1e-3)}


def pop3_before_login(system, count):
    soak = [_greeted(system, number) for number in range(count // 3)]
    return _idle(system, count, lambda number: _greeted(system, number), soak)


def pop3_logged_in(system, count):
    """Everybody logs in once before, so that the cost of password hashing is not measured."""
    for number in range(count):
        system.login(number).quit()
    soak = POP3_SOAK if system.name == "posta" else count // 3
    return _idle(system, count, system.login, [_greeted(system, i) for i in range(soak)])


def pop3_logins(system, count):
    """Connect, USER, PASS, QUIT, by somebody who did so before: what polling costs."""
    for number in range(ACCOUNTS_THAT_POLL):
        system.login(number).quit()
    settle(system)
    began, cpu = time.monotonic(), system.cpu_seconds()
    with concurrent.futures.ThreadPoolExecutor(POLLERS) as pollers:
        def poll(first):
            for number in range(first, count, POLLERS):
                system.login(number % ACCOUNTS_THAT_POLL).quit()
        for done in [pollers.submit(poll, first) for first in range(POLLERS)]:
            done.result()
    seconds = time.monotonic() - began
    used = settle(system) - cpu
    return {"per_second": count / seconds, "cpu_ms": used * 1000 / count,
            "per_core_second": count / used}


def physics(base, seconds):
    base.mkdir(parents=True, exist_ok=True)
    return {f"group{group}": _json_of(Program.path("physics"), "--directory", base, "--group",
                                      group, "--seconds", seconds) for group in (1, 16, 64)}


def store_commits(base, seconds):
    """{writers: commits a second} of the store alone: a 4 KiB body and six keys, durable."""
    program, found = Program.path("store_commits"), {}
    if not program.exists():
        return None
    for writers in STORE_WRITERS:
        folder = base / "store_commits"
        try:
            said = subprocess.run(
                [program, "--dir", folder, "--writers", str(writers), "--body", "4096", "--keys",
                 "6", "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True, check=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        figures = re.search(r"(\d+) commits/s, p50 ([\d.]+) ms, p99 ([\d.]+) ms, "
                            r"CPU ([\d.]+) us", said.stdout)
        if figures is None:
            raise RuntimeError(f"store_commits said: {said.stdout}")
        found[str(writers)] = dict(zip(("per_second", "p50_ms", "p99_ms", "cpu_us"),
                                       map(float, figures.groups())))
    return found


def say(text):
    print(text, file=sys.stderr, flush=True)
