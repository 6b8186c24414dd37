"""The keys of an installation that got none from its environment: `DATA_DIR/secrets`, JSON, mode 0600.

Whoever loses this file loses the personal data in the database; `hub backup` does not contain it.
"""

import base64
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

NAME: Final = "secrets"
KEY_BYTES = 32


class NoSecrets(Exception):
    """The file is absent or cannot be read. The text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Both lists are newest first."""

    secret_keys: tuple[str, ...] = field(repr=False)
    index_keys: tuple[str, ...] = field(repr=False)


def new_key() -> str:
    """Make a key that fits both lists: 32 random bytes in URL-safe base64, as Fernet wants them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def create_if_absent(data_dir: Path) -> None:
    """Make the first keys. Safe to repeat and side by side: the first one wins and is never overwritten."""
    path = data_dir / NAME
    if path.exists():
        return
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(path, Keys((new_key(),), (new_key(),)))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def replace(data_dir: Path, keys: Keys) -> None:
    """Put other keys in place, whole or not at all."""
    path = data_dir / NAME
    _draft(path, keys).replace(path)


def read(data_dir: Path) -> Keys:
    """Read the keys or raise `NoSecrets`."""
    path = data_dir / NAME
    try:
        content = json.loads(path.read_text())
        return Keys(tuple(content["secret_keys"]), tuple(content["index_keys"]))
    except FileNotFoundError as error:
        raise NoSecrets(f"{path} does not exist; `hub up` makes it on the first run.") from error
    except PermissionError as error:
        raise NoSecrets(f"{path} belongs to another account.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoSecrets(f"{path} is damaged; restore it from where you keep a copy.") from error


def _draft(path: Path, keys: Keys) -> Path:
    """Write the keys to a file of their own beside `path`, on the disk before anyone relies on them."""
    draft = path.with_name(f".{NAME}-{secrets.token_hex(8)}")
    content = {"secret_keys": keys.secret_keys, "index_keys": keys.index_keys}
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return draft
