"""Ends what a killed process leaves behind: `python -m hub.embedded.guardian LOCK_FILE`.

Who is killed cannot tidy up, and a signal that the kernel sends to the children of the dead reaches neither their own
children nor servers that changed account. So the owner holds the writing end of this process's standard input. Every
child writes its own pid there before it becomes a program; when the owner is gone, however it went, the kernel closes
the pipe and this process ends whatever was announced and not signed off.

It holds the lock until then, so that a new owner waits for the remains of the old one.
"""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from setproctitle import setproctitle

GRACE_SECONDS: Final = 3.0
READY: Final = b"ready\n"


def announcement(pid: int, stop_signal: signal.Signals) -> bytes:
    """Say that `pid` leads a group, and which signal asks it to stop."""
    return b"+%d %d\n" % (pid, stop_signal)


def sign_off(pid: int) -> bytes:
    """Say that nothing is left of the group that `pid` led."""
    return b"-%d\n" % pid


def main() -> None:
    """Keep the list of groups until the pipe closes, then end those that are on it."""
    setproctitle("hub-guardian")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends after the others, and never before
    with Path(sys.argv[1]).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(sys.stdout.fileno(), READY)
        end(read_groups(sys.stdin.buffer))


def read_groups(lines: Iterable[bytes]) -> dict[int, int]:
    """Read announcements to their end; return pid and stop signal of each group that was not signed off."""
    groups: dict[int, int] = {}
    for line in lines:
        pid, _, stop_signal = line[1:].partition(b" ")
        if line.startswith(b"+"):
            groups[int(pid)] = int(stop_signal)
        else:
            groups.pop(int(pid), None)
    return groups


def end(groups: dict[int, int]) -> None:
    """Ask each group's leader to stop, wait a little, kill what is left of the groups."""
    for pid, stop_signal in groups.items():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, stop_signal)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(map(_is_alive, groups)):
        time.sleep(0.05)
    for pid in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, 0)
        return True
    return False


if __name__ == "__main__":
    main()
