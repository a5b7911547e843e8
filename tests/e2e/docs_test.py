"""The pages in docs/admin: what they show works, and the commands are as posta says itself.

Blocks marked `sh` are run, line by line, page after page, on a fresh server that runs. In other
blocks each line that begins with `posta` must at least be a command. docs/admin/commands.md is what
the commands say to --help; POSTA_DOCS_WRITE=1 writes it again.
"""

import os
import pathlib
import re
import subprocess
import unittest

from lib.server import Server, program

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/admin"


def blocks(text):
    """(language, lines) of each fenced block."""
    return [(language, body.splitlines())
            for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)]


def posta(*words, **environment):
    return subprocess.run([program(), *words], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=120,
                          env=os.environ | {"COLUMNS": "100"} | environment)


def help_of(*words):
    done = posta(*words, "--help")
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    lines = done.stdout.replace(program(), "posta").rstrip().splitlines()
    return "".join(line.rstrip() + "\n" for line in lines)


def commands():
    """Every command with its verbs, as the usage names them: [["account", "add"], ...]"""
    out = []
    for line in posta("help").stdout.splitlines():
        match = re.match(r"  posta ([\w-]+) *(.*)$", line)
        if not match:
            continue
        name, rest = match.groups()
        if name == "version":
            continue
        verbs = re.match(r"(\w+(?:\|\w+)+)", rest)
        if name == "config":
            out += [[name, "show"], [name, "explain"]]
        elif name == "mailbox":
            out.append([name, "list"])
        elif verbs and verbs.group(1).islower():
            out += [[name, verb] for verb in verbs.group(1).split("|")]
        else:
            out.append([name])
    return out


def commands_page():
    text = ("# Commands\n\nWhat `posta` and each of its commands say to `--help`. Exit codes: 0 "
            "done, 1 it could not be done (or `check` and\n`status` found something wrong), 64 the "
            "command line is wrong.\n\nEvery command takes `--dir DIR`, or the directory from the "
            "environment variable `POSTA_DIR`.\n\n```\n" + help_of() + "```\n")
    for words in commands():
        text += f"\n## posta {' '.join(words)}\n\n```\n{help_of(*words)}```\n"
    return text


class Docs(unittest.TestCase):
    def test_commands_md_is_what_the_commands_say(self):
        page = DOCS / "commands.md"
        text = commands_page()
        if os.environ.get("POSTA_DOCS_WRITE"):
            page.write_text(text, encoding="utf-8")
        self.assertEqual(page.read_text(encoding="utf-8"), text,
                         "POSTA_DOCS_WRITE=1 tests/e2e/run docs_test.py writes it again")
        self.assertGreater(len(commands()), 20)

    def test_every_command_in_the_pages_is_one(self):
        known = commands() + [["version"]]
        checked = 0
        for page in sorted(DOCS.glob("*.md")):
            if page.name == "commands.md":
                continue
            text = page.read_text(encoding="utf-8")
            lines = [line for _, body in blocks(text) for line in body]
            lines += re.findall(r"`(posta [^`]*)`", text)
            for line in lines:
                for words in re.findall(r"(?:^|\| |&& )posta ((?:[a-z]+(?:-[a-z]+)* ?)+)", line):
                    words = words.split()
                    self.assertTrue(any(words[:len(one)] == one or one[:1] == words[:1] == words
                                        for one in known), f"{page.name}: {line}")
                    checked += 1
        self.assertGreater(checked, 50, "this looks at nothing")

    def test_every_key_in_the_pages_is_one(self):
        server = Server(accounts=("ann",))
        self.addCleanup(server.close)
        known = set(re.findall(r'"key":"([^"]+)"', server.run("config", "show", "--json").stdout))
        tables = {key.split(".")[0] for key in known if "." in key}
        for page in sorted(DOCS.glob("*.md")):
            if page.name == "events.md":
                continue
            for key in re.findall(r"`([a-z0-9_]+\.[a-z0-9_]+)`", page.read_text(encoding="utf-8")):
                if key.split(".")[0] in tables and not key.endswith((".toml", ".md")):
                    self.assertIn(key, known, page.name)

    def test_what_is_marked_sh_works(self):
        server = Server(accounts=("ann", "bob"))
        self.addCleanup(server.close)
        server.start()
        folder = server.base / "bin"
        folder.mkdir()
        (folder / "posta").symlink_to(program())
        environment = os.environ | {"POSTA_DIR": str(server.directory),
                                    "PATH": f"{folder}:{os.environ['PATH']}"}
        ran = 0
        for page in ("install", "accounts", "clients", "tls", "relaying", "backup", "monitoring",
                     "troubleshooting", "limits"):
            for language, lines in blocks((DOCS / f"{page}.md").read_text(encoding="utf-8")):
                if language != "sh":
                    continue
                for line in lines:
                    done = subprocess.run(["bash", "-c", line], env=environment, text=True,
                                          capture_output=True, timeout=120, check=False)
                    self.assertEqual(done.returncode, 0,
                                     f"{page}.md: {line}\n{done.stdout}{done.stderr}")
                    ran += 1
        self.assertGreater(ran, 25)


if __name__ == "__main__":
    unittest.main()
