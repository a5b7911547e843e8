"""What /proc says of a server: the CPU time and memory of all its processes; and its disk."""

import os
import pathlib
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
END_SECONDS_MAX = 20


def _stats():
    """pid -> (parent, ticks used by itself and by its children that have ended)."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            text = pathlib.Path("/proc", name, "stat").read_text()
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        found[int(name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return found


def tree(roots):
    """All living processes below the given ones, and their ticks."""
    stats = _stats()
    wanted, found = set(roots), {}
    grown = True
    while grown:
        grown = False
        for pid, (parent, ticks) in stats.items():
            if pid not in found and (pid in wanted or parent in found):
                found[pid] = ticks
                grown = True
    return found


def cpu_seconds(roots):
    return sum(tree(roots).values()) / TICKS


def pss_octets(roots):
    total = 0
    for pid in tree(roots):
        try:
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def disk_octets(folder):
    """What the files and folders below `folder` take up on the disk, in whole blocks."""
    total = 0
    for where, folders, files in os.walk(folder):
        for name in folders + files:
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except OSError:
                continue
    return total


def end(process):
    """SIGTERM to one that we started; what is left below it after a while is killed, by its id."""
    below = tree([process.pid])
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    until = time.monotonic() + END_SECONDS_MAX
    while below and time.monotonic() < until:
        alive = _stats()
        below = {pid: 0 for pid in below if pid in alive}
        if below:
            time.sleep(0.05)
    for pid in below:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
