"""fixture.py: a little tree of files, and a tool that is run on it."""

import os
import pathlib
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent.parent


class ToolTest(unittest.TestCase):
    """A test of one tool: TOOL is its name, BASE the tree that it has nothing to say about."""

    TOOL = ""
    BASE = {}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve() / "posta"
        self.root.mkdir()
        self.write(self.BASE)

    def write(self, files):
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def run_tool(self, *arguments, **environment):
        run = subprocess.run([str(TOOLS / self.TOOL), "--root", str(self.root), *arguments],
                             env=os.environ | environment, capture_output=True, text=True,
                             check=False)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        return run

    def assert_clean(self, files=None, *arguments, **environment):
        self.write(files or {})
        run = self.run_tool(*arguments, **environment)
        self.assertEqual(run.returncode, 0, run.stdout)
        return run.stdout

    def assert_error(self, expected, files=None, *arguments, **environment):
        """The tool must fail, and say `expected`, which begins with path:line."""
        self.write(files or {})
        run = self.run_tool(*arguments, **environment)
        self.assertEqual(run.returncode, 1, run.stdout)
        path, line, *words = expected.split(":", 2)
        said = [row for row in run.stdout.splitlines() if row.startswith(f"{path}:{line}: error:")]
        self.assertTrue(any(all(w in row for w in words) for row in said),
                        f"{expected!r} not in:\n{run.stdout}")
