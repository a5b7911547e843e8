"""The pages in docs/admin: what they show works, and the commands are as posta says itself.

Blocks marked `sh` are run, line by line, page after page, on a fresh server that runs. In other
blocks each line that begins with `posta` must at least be a command. docs/admin/commands.md is what
the commands say to --help; POSTA_DOCS_WRITE=1 writes it again.
"""

import json
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


def limits():
    """(section of limits.md, name, value or None) of every LimitInfo in the sources."""
    of_tables = {"kLoginLimits": "Logins", "kAllowanceLimits": "Submission",
                 "kDirectoryLimits": "Accounts and domains", "kCensusLimits": "SMTP"}
    of_names = {"smtp": "SMTP", "pop3": "POP3", "imap": "IMAP", "trace": "Queue, store and traces",
                "message": "What posta reads in a message"}
    out = []
    for path in sorted((DOCS.parents[1] / "src").rglob("*.h")):
        text = path.read_text(encoding="utf-8")
        for table, rows in re.findall(r"LimitInfo (k\w+)\[\] = \{\n(.*?)\n\};", text, re.S):
            for whole in re.findall(r'^ +\{"([a-z0-9_.]+)"', rows, re.M):
                prefix, _, name = whole.rpartition(".")
                section = of_tables.get(table) or of_names.get(prefix, "Everything else")
                if name.startswith("hashing") or name == "successes_max":
                    section = "Logins"
                value = re.search(rf"(\w+) {name}(?: = |\{{)([^;}}]+)[;}}]", text)
                out.append((section, name, octets_or_seconds(*value.groups()) if value else None))
    return out


UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "h": 3600, "hours": 3600, "minutes": 60,
         "m": 60, "d": 86400, "days": 86400}


def octets_or_seconds(kind, written):
    """The default of a field in C++."""
    number = written.replace("'", "")
    for unit in ("KiB", "MiB", "GiB"):
        number = number.replace("_" + unit, f" * {UNITS[unit]}")
    assert re.fullmatch(r"[0-9 *<]+", number), written
    return eval(number) / (1000 if kind == "milliseconds" else 1)


def quantity(written):
    """What stands in a table, or in quotes in posta.toml: "10,000", "5 minutes", "2MiB"."""
    number, unit = re.match(r'(?:at least )?"?([0-9,]+) ?([A-Za-z]*)', written).groups()
    return int(number.replace(",", "")) * UNITS.get(unit, 1)


class Docs(unittest.TestCase):
    def test_every_limit_stands_in_limits_md_with_its_value(self):
        rows = {}  # (section, name) -> what stands in "most"
        text = (DOCS / "limits.md").read_text(encoding="utf-8")
        for section, body in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.M | re.S):
            for names, most in re.findall(r"^\| (`.*?) \|[^|]*\| ([^|]*) \|", body, re.M):
                for name, value in zip(re.findall(r"`([^`]+)`", names), most.split(", ")):
                    rows[section, name.rpartition(".")[2]] = (name, value)
        known = limits()
        self.assertGreater(len(known), 90, "this looks at nothing")
        server = Server(accounts=())
        self.addCleanup(server.close)
        keys = {one["key"]: one["default"]
                for one in json.loads(server.run("config", "show", "--json").stdout)}
        for section, name, value in known:
            with self.subTest(section=section, name=name):
                self.assertIn((section, name), rows)
                key, most = rows[section, name]
                if value is not None and key not in keys:
                    self.assertEqual(quantity(most), value)
        for key, most in rows.values():
            if key in keys:
                self.assertEqual(quantity(most), quantity(keys[key]), key)

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
