"""A hub of tiny programs: `python -m tests.supervision.tiny_hub` runs the real supervisor over them."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from hub.core import log
from hub.supervision.program import Program, python_module
from hub.supervision.supervisor import Interrupted, Supervisor

STEADY = "import time; time.sleep(600)"
WITH_WORKER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STEADY!r}])"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def main(data_dir: Path) -> None:
    """Run until interrupted. The programs say their name by what they are called in processes.json."""
    log.configure(json=True)
    environment = {**os.environ, "DATA_DIR": str(data_dir)}
    data_dir.mkdir(exist_ok=True)
    with suppress(Interrupted), Supervisor(data_dir, environment) as supervisor:
        for turn, (name, source) in enumerate({"web": WITH_WORKER, "deaf": DEAF, "store": STEADY}.items()):
            script = data_dir / f"{name}.py"
            script.write_text(source)
            supervisor.start(
                Program(
                    name=name,
                    launch=python_module("runpy_file", str(script), environment=environment),
                    stop_turn=turn,
                    stop_seconds=1,
                )
            )
        print("ready", flush=True)
        supervisor.watch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
