"""The dialogues of tests/dialogs that need no virtual time, against the program itself."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

from lib.server import program

DIALOGS = pathlib.Path(__file__).resolve().parents[1] / "dialogs"


class Dialogues(unittest.TestCase):
    def test_every_dialogue_holds_on_real_ports(self):
        done = subprocess.run([sys.executable, str(DIALOGS / "run_real")], text=True, check=False,
                              capture_output=True, timeout=900,
                              env=os.environ | {"POSTA": program()})
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said[-6000:])
        played = re.search(r"(\d+) passed", said)
        self.assertTrue(played, said[-2000:])
        self.assertGreater(int(played.group(1)), 100, "this plays nothing")


if __name__ == "__main__":
    unittest.main()
