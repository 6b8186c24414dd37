"""What the simulated providers accepted: the judge of lost and doubled messages.

One line of JSON per fact, written before the answer goes out and read back at the next start, so the judge is honest
after a kill -9. Three kinds of line: a message, `done` (its receipts are sent) and `once` (a message had its one
refusal).
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from channels.simulator.scripts import Script


@dataclass(slots=True, eq=False, kw_only=True)
class Taken:
    """One accepted message for one recipient. `at` is in seconds since 1970."""

    id: str
    provider: str
    channel: str
    sender: str
    to: str
    body: str
    at: float
    script: Script
    callback_url: str | None  # None: no receipt will be sent, or all of them were
    earlier: "Taken | None" = None  # to the same address at the same provider


class RequestLog:
    """All accepted messages, in memory and in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_id: dict[str, Taken] = {}
        self._latest: dict[tuple[str, str], Taken] = {}
        self._once: set[str] = set()
        self._read()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Taken]:
        """Walk a copy, oldest first, so that the log may grow meanwhile."""
        return iter(list(self._by_id.values()))

    def newest_first(self) -> Iterator[Taken]:
        """Walk a copy, newest first."""
        return reversed(list(self._by_id.values()))

    def add(self, message: Taken) -> None:
        """Keep an accepted message; it is in the file when this returns."""
        self._write({name: getattr(message, name) for name in _FIELDS})
        self._index(message)

    def get(self, message_id: str) -> Taken | None:
        return self._by_id.get(message_id)

    def sent_to(self, provider: str, address: str) -> Iterator[Taken]:
        """Walk the messages to one address, newest first."""
        message = self._latest.get((provider, address))
        while message is not None:
            yield message
            message = message.earlier

    def finish(self, message: Taken) -> None:
        """Note that no receipt of this message is to be sent any more."""
        message.callback_url = None
        if message.id in self._by_id:
            self._write({"done": message.id})

    def first_time(self, *what: str) -> bool:
        """Say whether this was never asked before; the answer outlives a restart."""
        digest = blake2b("\0".join(what).encode("utf-8", "replace"), digest_size=12).hexdigest()
        if digest in self._once:
            return False
        self._once.add(digest)
        self._write({"once": digest})
        return True

    def clear(self) -> None:
        os.ftruncate(self._file, 0)
        self._by_id.clear()
        self._latest.clear()
        self._once.clear()

    def close(self) -> None:
        os.close(self._file)

    def _write(self, fact: dict[str, object]) -> None:
        os.write(self._file, json.dumps(fact).encode() + b"\n")

    def _index(self, message: Taken) -> None:
        key = (message.provider, message.to)
        message.earlier = self._latest.get(key)
        self._latest[key] = message
        self._by_id[message.id] = message

    def _read(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb+") as file:
            for line in file:
                if not line.endswith(b"\n"):  # the machine stopped in the middle of a line; it was never answered
                    file.truncate(file.tell() - len(line))
                    break
                self._recall(json.loads(line))

    def _recall(self, fact: dict[str, str]) -> None:
        if "once" in fact:
            self._once.add(fact["once"])
        elif "done" in fact:
            self._by_id[fact["done"]].callback_url = None
        else:
            self._index(
                Taken(**{**fact, "script": Script(fact["script"]), "at": float(fact["at"])})  # type: ignore[arg-type]  # checked by shape: only this class writes the file
            )


_FIELDS = tuple(name for name in Taken.__dataclass_fields__ if name != "earlier")
