"""Where the embedded servers keep their files, and as whom they run.

PostgreSQL refuses to run as root. When the hub is root its servers run as an unprivileged account, which must be able
to reach its folders; nothing here opens a folder that is not the hub's own.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from hub.core.settings import socket_dir

UNPRIVILEGED: Final = "nobody"
OUTSIDE: Final = Path("/var/lib/trunkline")
ROOT_UID = 0


class EmbeddedError(Exception):
    """An embedded server cannot be set up here. The text is for the operator and says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system account that processes can be started as."""

    name: str
    uid: int
    gid: int


class Identity(TypedDict, total=False):
    """What `subprocess` takes to start a process as another account."""

    user: int
    group: int
    extra_groups: list[int]


def server_account() -> Account | None:
    """Return whom the servers run as when we are root; None means as ourselves."""
    if os.geteuid() != ROOT_UID:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root and this machine has no account {UNPRIVILEGED!r}. "
            "Run the hub as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def own_place(data_dir: Path, name: str, account: Account | None) -> Path:
    """Return the folder `name` of the data directory, made on first use, private to the account.

    When root's data directory lies where the account cannot go (below a private home, say), the folder is made under
    /var/lib/trunkline and the data directory holds a link to it: the link, not a name, says which folder is whose, so
    a data directory can be moved, and a new one never takes over an old one's database.
    """
    path = data_dir / name
    if path.is_symlink() and not path.exists():
        raise EmbeddedError(f"{path} points to {path.readlink()}, which is gone. Restore it, or use another DATA_DIR.")
    if path.exists():
        _check_owner(path, account)
        return path.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is None:
        path.mkdir(mode=0o700)
        return path
    if _let_in(data_dir, account):
        path.mkdir(mode=0o700)
    else:
        OUTSIDE.mkdir(mode=0o711, parents=True, exist_ok=True)
        path.symlink_to(tempfile.mkdtemp(prefix=f"{name}-", dir=OUTSIDE))
    os.chown(path, account.uid, account.gid)
    return path.resolve()


def discard(data_dir: Path) -> None:
    """Delete a data directory and what its links point to, for tests."""
    for link in data_dir.iterdir():
        if link.is_symlink() and link.resolve().parent == OUTSIDE:
            shutil.rmtree(link.resolve())
    shutil.rmtree(socket_dir(data_dir), ignore_errors=True)
    shutil.rmtree(data_dir)


def make_run_dir(path: Path, account: Account | None) -> None:
    """Make the folder of the sockets, or check that the one that is there is ours and closed to others."""
    owner = account.uid if account else os.geteuid()
    try:
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.uid, account.gid)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise EmbeddedError(f"{path} belongs to somebody else or is open to others; remove it.") from None


def can_reach(path: Path, account: Account | None) -> bool:
    """Tell whether the account can enter a folder or read and execute a file, by trying."""
    test = ["/bin/sh", "-c", 'test -x "$0" && test -r "$0"', str(path)]
    return subprocess.run(test, check=False, cwd="/", **identity(account)).returncode == 0  # noqa: S603 - fixed text


def identity(account: Account | None) -> Identity:
    """Return the arguments that start a process as the account; none at all start it as ourselves."""
    return Identity(user=account.uid, group=account.gid, extra_groups=[]) if account else Identity()


def copy_for(account: Account, source: Path, target: Path) -> None:
    """Copy a tree to where the account can read it; a copy that broke off is made again."""
    if target.exists():
        return
    draft = target.with_name(f"{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    target.parent.mkdir(exist_ok=True)
    shutil.copytree(source, draft, symlinks=True, ignore=shutil.ignore_patterns("include", "doc", "pgxs"))
    for path in (draft, *draft.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    draft.rename(target)


def _let_in(data_dir: Path, account: Account) -> bool:
    """Let the account pass through the data directory itself, which is ours; its parents are not for us to open."""
    if not _can_enter(data_dir, account) and data_dir.stat().st_uid == os.geteuid():
        before = stat.S_IMODE(data_dir.stat().st_mode)
        data_dir.chmod(before | stat.S_IXOTH)
        if not _can_enter(data_dir, account):
            data_dir.chmod(before)
    return _can_enter(data_dir, account)


def _can_enter(path: Path, account: Account | None) -> bool:
    test = ["/bin/sh", "-c", 'cd -- "$0"', str(path)]
    quiet = subprocess.DEVNULL
    return subprocess.run(test, check=False, cwd="/", stderr=quiet, **identity(account)).returncode == 0  # noqa: S603 - fixed text


def _check_owner(path: Path, account: Account | None) -> None:
    owner = account.uid if account else os.geteuid()
    if path.stat().st_uid != owner:
        raise EmbeddedError(
            f"{path} belongs to the account number {path.stat().st_uid}: another user ran the hub on this DATA_DIR. "
            "Run it as that user, or use another DATA_DIR."
        )
    if account and not _can_enter(path.resolve(), account):
        raise EmbeddedError(
            f"{account.name}, whom PostgreSQL runs as, cannot reach {path}: a folder above it became private. "
            "Move DATA_DIR to where others may pass, such as /srv or /var/lib."
        )
