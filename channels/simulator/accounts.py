"""The accounts the simulator knows, made up at its first start and kept."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

Accounts = Mapping[str, Mapping[str, str]]  # by provider, in the words of its adapter's credentials


def load(folder: Path) -> Accounts:
    """Read `accounts.json`, or write it first: whole or not at all, and for the owner only."""
    path = folder / "accounts.json"
    if not path.exists():
        _write(path, json.dumps(_make(), indent=2) + "\n")
    accounts: Accounts = json.loads(path.read_text())
    return accounts


def _make() -> Accounts:
    return {
        "twilio": {
            "account_sid": "AC" + secrets.token_hex(16),
            "auth_token": secrets.token_hex(16),
            "sender": "+15005550006",  # the one sender Twilio's own test credentials accept
        }
    }


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
