"""tree.py: what the checking tools share: which files there are, what changed, how to complain."""

import argparse
import pathlib
import subprocess
import sys

SKIPPED_FOLDERS = {".git", "build", "posta-server", "__pycache__"}
SOURCES = (".h", ".cc")


def arguments(description, **switches):
    """Parses the command line. Every tool knows --root, so that it can be run on a fixture."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent,
                        help="the repository to look at (default: the one this tool lies in)")
    for name, settings in switches.items():
        parser.add_argument("--" + name.replace("_", "-"), **settings)
    options = parser.parse_args()
    options.root = options.root.resolve()
    return options


def git(root, *words):
    """The output of a git command, or None if it failed or there is no git."""
    try:
        run = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
    except OSError:
        return None
    return run.stdout.decode() if run.returncode == 0 else None


def is_repository(root):
    top = git(root, "rev-parse", "--show-toplevel")
    return top is not None and pathlib.Path(top.strip()).resolve() == root


def files(root):
    """Every file that is, or would be, under version control: paths relative to root, sorted."""
    if is_repository(root):
        listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard") or ""
        paths = {pathlib.PurePosixPath(p) for p in listed.split("\0") if p}
    else:
        paths = {pathlib.PurePosixPath(p.relative_to(root).as_posix()) for p in root.rglob("*")}
    return sorted(p for p in paths
                  if not SKIPPED_FOLDERS.intersection(p.parts) and (root / p).is_file())


def changed(root):
    """The files that differ from where this branch left main, uncommitted ones included.

    On main itself: from the commit before (its first parent, if it is a merge).
    """
    if not is_repository(root):
        return files(root)
    base = head = (git(root, "rev-parse", "HEAD") or "").strip()
    for main in ("origin/main", "main"):
        if found := git(root, "merge-base", "HEAD", main):
            base = found.strip()
            break
    if base == head and git(root, "rev-parse", "--verify", "--quiet", "HEAD^"):
        base = "HEAD^"
    names = (git(root, "diff", "--name-only", "-z", base) or "").split("\0")
    names += (git(root, "ls-files", "-z", "--others", "--exclude-standard") or "").split("\0")
    wanted = set(names)
    return [p for p in files(root) if str(p) in wanted]


def read(root, path):
    """The text of a file; None if it is not text."""
    try:
        return (root / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


class Report:
    """Collects what is wrong. A warning is printed and forgiven."""

    def __init__(self, tool):
        self.tool = tool
        self.errors = []
        self.warnings = []

    def error(self, path, line, rule, text):
        self.errors.append((str(path), line, rule, text))

    def warn(self, path, line, rule, text):
        self.warnings.append((str(path), line, rule, text))

    def finish(self, looked_at):
        """Prints everything in order of place and exits."""
        for kind, found in (("warning", self.warnings), ("error", self.errors)):
            for path, line, rule, text in sorted(set(found)):
                print(f"{path}:{line}: {kind}: {text} [{rule}]")
        if self.errors:
            print(f"{self.tool}: {len(set(self.errors))} errors in {looked_at}")
            sys.exit(1)
        print(f"{self.tool}: {looked_at}, no errors")
        sys.exit(0)
