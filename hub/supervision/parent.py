"""Notices a Ctrl-C that `make` keeps for itself.

Ctrl-C in a terminal reaches `make` and the supervisor alike. But a SIGINT that a script sends to `make` alone is not
passed on: `make` waits for its command, for ever, with the signal blocked because it is being handled. (SIGTERM it does
pass on.) That blocked signal shows in /proc.
"""

import os
import re
import signal
from pathlib import Path

MAKE = ("make", "gmake")
INTERRUPT_BIT = 1 << (signal.SIGINT - 1)


def is_interrupted() -> bool:
    """Tell whether our parent is a `make` that was interrupted; False where there is no /proc."""
    try:
        status = Path(f"/proc/{os.getppid()}/status").read_text()
    except OSError:
        return False
    fields = dict(re.findall(r"^(Name|SigBlk):\s+(\S+)$", status, re.MULTILINE))
    return fields.get("Name") in MAKE and bool(int(fields["SigBlk"], 16) & INTERRUPT_BIT)
