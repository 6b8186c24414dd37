"""Keeps programs running, and leaves none behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self, TypeVar

import structlog

from hub.embedded.guard import Guard
from hub.embedded.places import EmbeddedError
from hub.supervision import parent
from hub.supervision.program import Program

TICK_SECONDS: Final = 0.1
FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0
STEADY_SECONDS: Final = 30.0
"""A child that lived this long is no longer suspected: its next restart is immediate again."""
HURRIED_SECONDS: Final = 1.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Result = TypeVar("Result")
log = structlog.get_logger()


class StartFailed(Exception):
    """A program did not become ready. The text is for the operator."""


class Interrupted(BaseException):
    """The operator wants everything to stop. No handler of errors may take this for one."""


class Child:
    """A program, and the process that is it now, if any."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._due_at = 0.0
        self._delay = FIRST_DELAY

    def launch(self, first: Callable[[], None]) -> None:
        """Start the process."""
        self._started_at = time.monotonic()
        self.process = self.program.launch(first)

    def is_due(self) -> bool:
        """Tell whether it is time to start again."""
        return self.process is None and time.monotonic() >= self._due_at

    def postpone(self) -> float:
        """Set when to start again: soon after a long life, ever later after short ones. Return in how many seconds."""
        if time.monotonic() - self._started_at >= STEADY_SECONDS:
            self._delay = FIRST_DELAY
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY)
        self._due_at = time.monotonic() + delay
        return delay


class Supervisor:
    """Use as a context: on leaving it, every child is stopped. Needs the main thread, and no other thread beside it."""

    def __init__(self, data_dir: Path, environment: Mapping[str, str]) -> None:
        self._guard = Guard(data_dir / "children.lock", environment)
        self._list_path = data_dir / "processes.json"
        self._mark = f"DATA_DIR={data_dir}".encode()
        self._children: dict[str, Child] = {}
        self._interrupts = 0
        self._is_acting = False

    def __enter__(self) -> Self:
        for number in SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means what it says
                signal.signal(number, self._interrupt)
        self._guard.start({})
        self._end_leftovers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_all()
        self._guard.close()
        self._list_path.unlink(missing_ok=True)

    def start(self, program: Program) -> None:
        """Start a program and wait until it is ready, keeping the others running meanwhile.

        Raises `Interrupted`, `StartFailed`, or `EmbeddedError` when the first launch shows that it can never start.
        """
        begun = time.monotonic()
        child = self._children[program.name] = Child(program)
        self._launch(child)
        while child.process is None or not program.is_ready():
            self._tick()
            if time.monotonic() - begun > program.start_seconds:
                raise StartFailed(f"{program.name} was not ready within {program.start_seconds:g} s.")
        log.info("program.ready", program=program.name, elapsed_ms=round((time.monotonic() - begun) * 1000))

    def act(self, action: Callable[[], Result]) -> Result:
        """Do something that blocks, between two starts; Ctrl-C breaks it off."""
        self._raise_if_interrupted()
        self._is_acting = True
        try:
            return action()
        finally:
            self._is_acting = False

    def watch(self) -> None:
        """Restart whatever dies, until `Interrupted` is raised."""
        while True:
            self._tick()

    def _tick(self) -> None:
        self._raise_if_interrupted()
        for child in self._children.values():
            if child.process and child.process.poll() is not None:
                status = child.process.returncode
                self._bury(child)
                log.warning("child.died", program=child.program.name, status=status, delay_seconds=child.postpone())
            if child.is_due():
                self._launch_again(child)
        if not self._guard.is_alive():
            self._guard.restart(self._living())
            log.warning("child.restarted", program="guardian", pid=self._guard.pid)
            self._write_list()
        time.sleep(TICK_SECONDS)

    def _launch(self, child: Child) -> None:
        child.launch(self._guard.introduce(child.program.stop_signal))
        self._write_list()

    def _launch_again(self, child: Child) -> None:
        try:
            self._launch(child)
        except (OSError, subprocess.SubprocessError, EmbeddedError):
            log.exception("child.not_started", program=child.program.name, delay_seconds=child.postpone())
        else:
            pid = child.process.pid if child.process else None
            log.warning("child.restarted", program=child.program.name, pid=pid)

    def _bury(self, child: Child) -> None:
        """Forget an ended process, and end what it left: granian's workers serve on without granian."""
        if child.process:
            _kill_group(child.process.pid)
            self._guard.sign_off(child.process.pid)
            child.process = None
            self._write_list()

    def _stop_all(self) -> None:
        log.info("hub.stopping")
        before = self._interrupts
        by_turn = sorted(self._children.values(), key=lambda child: child.program.stop_turn)
        for _, turn in groupby(by_turn, key=lambda child: child.program.stop_turn):
            children = [child for child in turn if child.process]
            for child in children:
                self._ask_to_stop(child)
            begun = time.monotonic()
            while any(child.process and child.process.poll() is None for child in children):
                elapsed = time.monotonic() - begun
                for child in children:
                    hurried = self._interrupts > max(before, 1)
                    if elapsed > (HURRIED_SECONDS if hurried else child.program.stop_seconds):
                        self._kill(child)
                time.sleep(TICK_SECONDS / 5)
            for child in children:
                self._bury(child)
        log.info("hub.stopped")

    def _ask_to_stop(self, child: Child) -> None:
        if child.process:
            child.process.send_signal(child.program.stop_signal)

    def _kill(self, child: Child) -> None:
        if child.process and child.process.poll() is None:
            log.warning("child.killed", program=child.program.name)
            _kill_group(child.process.pid)
            child.process.wait()

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupts += 1
        if self._is_acting:
            self._is_acting = False  # raise once: what is being broken off may itself have to tidy up
            raise Interrupted

    def _raise_if_interrupted(self) -> None:
        if self._interrupts or parent.is_interrupted():
            raise Interrupted

    def _living(self) -> dict[int, signal.Signals]:
        return {child.process.pid: child.program.stop_signal for child in self._children.values() if child.process}

    def _write_list(self) -> None:
        """Say who is who, for operators and drills: whole or not at all."""
        processes = [{"name": "supervisor", "pid": os.getpid()}, {"name": "guardian", "pid": self._guard.pid}]
        for name, child in self._children.items():
            if child.process:
                processes.append({"name": name, "pid": child.process.pid})
        draft = self._list_path.with_suffix(".draft")
        draft.write_text(json.dumps(processes, indent=1))
        draft.replace(self._list_path)

    def _end_leftovers(self) -> None:
        """End the children of a supervisor that was killed together with its guardian, as far as the list names them.

        A number on the list may be another program's by now; the hub's own have our DATA_DIR in their environment.
        """
        with suppress(OSError, ValueError):
            listed = {process["pid"]: process["name"] for process in json.loads(self._list_path.read_text())}
            while left := {pid: name for pid, name in listed.items() if self._is_ours(pid)}:
                log.warning("leftovers.killed", programs=list(left.values()))
                for pid in left:
                    _kill_group(pid)
                time.sleep(TICK_SECONDS)

    def _is_ours(self, pid: int) -> bool:
        with suppress(OSError):
            return self._mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return False


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
