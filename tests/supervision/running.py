"""A supervisor as its own process, and what the kernel says about its children."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from hub.embedded.guard import Guard
from hub.embedded.places import Account, discard, identity
from tests.channels.servers import wait_until

ROOT = Path(__file__).parents[2]
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@cache
def guard() -> Guard:
    """Return what ends every hub under test when the tests themselves are killed."""
    folder = Path(tempfile.mkdtemp(prefix="trunkline-tests-"))
    made = Guard(folder / "lock", os.environ)
    made.start({})
    atexit.register(shutil.rmtree, folder)
    atexit.register(made.close)
    return made


class Running:
    """One command that supervises. Everything it started has its DATA_DIR in the environment."""

    def __init__(self, command: list[str], data_dir: Path, account: Account | None = None, **environment: str) -> None:
        data_dir.mkdir(exist_ok=True)
        if account:
            os.chown(data_dir, account.uid, account.gid)
        self.data_dir = data_dir
        self.output_path = data_dir.with_name(f"{data_dir.name}.output")
        self.environment = {**os.environ, **environment, "DATA_DIR": str(data_dir), "SPT_NOENV": "1"}
        with self.output_path.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=guard().introduce(signal.SIGTERM),  # noqa: PLW1509 - what it does needs no lock
                **identity(account),
            )

    def wait_for(self, name: str, seconds: float = 60) -> None:
        """Wait for a file in the data directory; fail with the output if the command ends first."""
        wait_until(lambda: (self.data_dir / name).exists() or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.output

    @property
    def output(self) -> str:
        return self.output_path.read_text()

    def pid(self, name: str) -> int:
        return self.pids()[name]

    def pids(self) -> dict[str, int]:
        listed = json.loads((self.data_dir / "processes.json").read_text())
        return {entry["name"]: entry["pid"] for entry in listed}

    def kill(self, *names: str) -> None:
        for pid in [self.pid(name) for name in names]:
            os.kill(pid, signal.SIGKILL)

    def is_another(self, name: str, pid: int) -> bool:
        """Tell whether a program runs as another process than `pid`."""
        return self.pids().get(name, pid) != pid

    def wait_gone(self, seconds: float) -> None:
        """Wait until no process of this data directory is left."""
        wait_until(lambda: self.process.poll() is not None and not self.living(), seconds)

    def living(self) -> dict[int, str]:
        """Return pid and command line of every process with our DATA_DIR; a zombie has no environment left."""
        found = {}
        mark = f"DATA_DIR={self.data_dir}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:
                continue
        return found

    def stop(self, seconds: float = 30) -> None:
        """End it as Ctrl-C in a terminal does, and delete its data."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.wait_gone(seconds)
        self.end()

    def end(self) -> None:
        """Leave nothing behind, whatever the test did. Safe to repeat."""
        for pid in self.living():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        guard().sign_off(self.process.pid)
        if self.data_dir.exists():
            discard(self.data_dir)
