"""A DNS server on loopback for a test: dnsmasq with a zone of the test's own."""

import socket
import subprocess
import time

START_SECONDS_MAX = 10
PORTS_TRIED_MAX = 10  # one that is free may be taken a moment later, or is taken for TCP


def free_udp_port(address="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((address, 0))
        return one.getsockname()[1]


class Names:
    """Answers for `.example`; what is not in the zone does not exist."""

    def __init__(self, mx=(), hosts=(), null_mx=()):
        """mx: (domain, host, preference); hosts: (name, address)."""
        words = ["dnsmasq", "--no-daemon", "--conf-file=/dev/null",
                 "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
                 "--pid-file=", "--user=root", "--local=/example/", "--log-facility=-"]
        words += [f"--mx-host={domain},{host},{preference}" for domain, host, preference in mx]
        words += [f"--host-record={name},{address}" for name, address in hosts]
        # RFC 7505 §3: preference 0, and the root as the host.
        words += [f"--dns-rr={domain},15,000000" for domain in null_mx]
        for _ in range(PORTS_TRIED_MAX):
            self.port = free_udp_port()
            self.process = subprocess.Popen(words + [f"--port={self.port}"],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
            if self._answers():
                return
            self.close()
        raise RuntimeError("dnsmasq did not start")

    def _answers(self):
        # A question for the SOA of "example", as octets.
        question = b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x07example\0\x00\x06\x00\x01"
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.settimeout(0.1)
                one.connect(("127.0.0.1", self.port))
                try:
                    one.send(question)
                    one.recv(512)
                    return True
                except OSError:
                    time.sleep(0.02)
        return False

    def close(self):
        self.process.kill()
        self.process.wait(10)
