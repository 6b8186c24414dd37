"""The owner's side of the guardian."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from hub.embedded import guardian

TOP = Path(__file__).resolve().parents[2]
READY_SECONDS = 20.0


class GuardFailed(Exception):
    """The guardian did not come up."""


class Guard:
    """Starts the guardian and tells it who lives."""

    def __init__(self, lock_path: Path, environment: Mapping[str, str]) -> None:
        self._lock_path = lock_path
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    @property
    def pid(self) -> int | None:
        """Return the guardian's pid while it is meant to run."""
        return self._process.pid if self._process else None

    def start(self, living: Mapping[int, signal.Signals]) -> None:
        """Start the guardian with a list of living groups, and wait until it holds its lock.

        The lock is free at once, unless the guardian of a killed supervisor is still ending what that one left.
        """
        reading, writing = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "hub.embedded.guardian", str(self._lock_path)],
            stdin=reading,
            stdout=subprocess.PIPE,
            cwd=TOP,
            env=self._environment,
            start_new_session=True,
        )
        os.close(reading)
        self._pipe = writing
        answer = self._process.stdout
        if not answer or not select.select([answer], [], [], READY_SECONDS)[0] or answer.readline() != guardian.READY:
            self.close()
            raise GuardFailed(f"The remains of an earlier hub still hold {self._lock_path}; try again in a moment.")
        for pid, stop_signal in living.items():
            self._tell(guardian.announcement(pid, stop_signal))

    def is_alive(self) -> bool:
        """Tell whether the guardian runs."""
        return self._process is not None and self._process.poll() is None

    def restart(self, living: Mapping[int, signal.Signals]) -> None:
        """Start another guardian in the place of a dead one."""
        self.close()
        self.start(living)

    def introduce(self, stop_signal: signal.Signals) -> Callable[[], None]:
        """Return what a new process runs first: it announces itself, so that it is never alive and unknown."""

        def announce() -> None:
            self._tell(guardian.announcement(os.getpid(), stop_signal))

        return announce

    def sign_off(self, pid: int) -> None:
        """Say that nothing of the group is left."""
        self._tell(guardian.sign_off(pid))

    def close(self) -> None:
        """Let the guardian end; it ends whatever was not signed off."""
        if self._process is None:
            return
        os.close(self._pipe)
        if self._process.stdout:
            self._process.stdout.close()
        try:
            self._process.wait(guardian.GRACE_SECONDS + 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _tell(self, line: bytes) -> None:
        with suppress(BrokenPipeError):  # it just died; the next one gets the whole list
            os.write(self._pipe, line)
