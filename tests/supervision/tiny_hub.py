"""The real supervisor over tiny programs: `python -m tests.supervision.tiny_hub DATA_DIR STOP_SECONDS`."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from hub.core import log
from hub.supervision.program import Program, python
from hub.supervision.supervisor import Interrupted, Supervisor

STEADY = "import time; time.sleep(600)"
PROGRAMS = {
    "web": f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{STEADY}'])",
    "deaf": f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STEADY}",
    "server": STEADY,
}


def main(data_dir: Path, stop_seconds: float) -> None:
    """Run until interrupted."""
    log.configure(json=True)
    environment = {**os.environ, "DATA_DIR": str(data_dir)}
    with suppress(Interrupted), Supervisor(data_dir, environment) as supervisor:
        for turn, (name, source) in enumerate(PROGRAMS.items()):
            launch = python("-c", source, environment=environment)
            supervisor.start(Program(name=name, launch=launch, stop_turn=turn, stop_seconds=stop_seconds))
        (data_dir / "ready").touch()
        supervisor.watch()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
