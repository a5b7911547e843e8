"""Several IMAP clients on the same mailboxes of the real program: all are told the truth."""

import os
import pathlib
import random
import subprocess
import time
import unittest

from lib.server import DOMAIN, Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = int(os.environ.get("POSTA_IMAP_STRESS_SECONDS", "8"))


def player():
    built = sorted(ROOT.glob("build/*/tests/imap/imap_stress"), key=lambda p: p.stat().st_mtime)
    return os.environ.get("POSTA_IMAP_STRESS") or (str(built[-1]) if built else None)


class ImapStress(unittest.TestCase):
    def setUp(self):
        self.assertTrue(player(), "no player: build the target imap_stress")
        self.seed = int(os.environ.get("POSTA_IMAP_SEED", random.randrange(1, 1 << 20)))
        self.server = Server(accounts=("ann",), settings='log.level = "error"').start()

    def tearDown(self):
        self.server.close()

    def play(self, players):
        return subprocess.Popen(
            [player(), f"127.0.0.1:{self.server.smtp_port}", f"127.0.0.1:{self.server.imap_port}",
             f"ann@{DOMAIN}", self.server.password("ann"), str(self.seed), str(players),
             str(SECONDS)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def judge(self, played):
        said, _ = played.communicate(timeout=SECONDS + 120)
        self.assertEqual(played.returncode, 0, f"POSTA_IMAP_SEED={self.seed}\n{said}")
        return said

    def test_every_session_is_told_the_truth(self):
        self.assertIn("views compared", self.judge(self.play(5)))
        self.assertEqual(self.server.stop(), 0)

    def test_a_killed_server_keeps_what_it_told(self):
        played = self.play(4)
        rng = random.Random(self.seed)
        for _ in range(3):
            time.sleep(rng.uniform(0.2, SECONDS / 4))
            self.server.kill()
            self.server.start()
        self.assertIn("sessions broken", self.judge(played))


if __name__ == "__main__":
    unittest.main()
