"""Everything the environment decides, read once into one frozen value.

Only `hub/cli.py` and `wsgi.py` hand over `os.environ`; nothing else reads it. An empty variable counts as absent.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hub.core import secrets_file

DEFAULT_DATA_DIR = "./var"
SHORTEST_INDEX_KEY = 32
FERNET_KEY_BYTES = 32
HIGHEST_PORT = 65_535


class BadSetting(Exception):
    """A setting in the environment cannot be used. The text names it and says what it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The hub's settings. Times are seconds."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    data_dir: Path
    host: str
    port: int
    simulator_port: int
    public_url: str
    secret_keys: tuple[str, ...] = field(repr=False)  # Fernet keys, newest first
    index_keys: tuple[str, ...] = field(repr=False)  # HMAC keys of the blind index, newest first
    settle_seconds: float
    calls_in_flight: int
    web_workers: int
    trusted_proxies: int = 0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings, or raise `BadSetting` for the first variable that cannot be used."""
        values = _Values(environ)
        folder = data_dir(environ)
        host = values.text("HOST", "127.0.0.1")
        port = values.whole("PORT", 8000, highest=HIGHEST_PORT)
        secret_keys, index_keys = _keys(values, folder)
        return cls(
            database_url=values.url("DATABASE_URL", embedded_database_url(folder), {"postgresql", "postgres"}),
            redis_url=values.url("REDIS_URL", embedded_redis_url(folder), {"redis", "rediss", "unix"}),
            data_dir=folder,
            host=host,
            port=port,
            simulator_port=values.whole("SIMULATOR_PORT", 8900, highest=HIGHEST_PORT),
            public_url=values.url("PUBLIC_URL", f"http://{_in_url(host)}:{port}", {"http", "https"}).rstrip("/"),
            secret_keys=secret_keys,
            index_keys=index_keys,
            settle_seconds=values.seconds("SETTLE_SECONDS", 70),
            calls_in_flight=values.whole("CALLS_IN_FLIGHT", 16, highest=1024),
            web_workers=values.whole("WEB_WORKERS", 2, highest=64),
            trusted_proxies=values.whole("TRUSTED_PROXIES", 0, lowest=0, highest=10),
        )

    @property
    def simulator_url(self) -> str:
        """Return where the provider stand-in listens; always this machine."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def embeds_postgres(self) -> bool:
        """Tell whether the database is the one that the hub runs itself."""
        return self.database_url == embedded_database_url(self.data_dir)

    @property
    def embeds_valkey(self) -> bool:
        """Tell whether Redis is the one that the hub runs itself."""
        return self.redis_url == embedded_redis_url(self.data_dir)


def data_dir(environ: Mapping[str, str]) -> Path:
    """Return the absolute path of DATA_DIR, which need not exist yet."""
    return Path(environ.get("DATA_DIR") or DEFAULT_DATA_DIR).absolute()


def has_keys(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment holds both kinds of keys, so that none need be made."""
    return bool(environ.get("HUB_SECRET_KEYS") and environ.get("HUB_INDEX_KEYS"))


def embedded_database_url(folder: Path) -> str:
    """Return the URL of the PostgreSQL that the hub runs for the data directory `folder`."""
    return f"postgresql://hub@/hub?host={socket_dir(folder)}"


def embedded_redis_url(folder: Path) -> str:
    """Return the URL of the Valkey that the hub runs for the data directory `folder`."""
    return f"unix://{socket_dir(folder)}/valkey.sock"


def socket_dir(folder: Path) -> Path:
    """Name a folder for the embedded servers' sockets after the data directory.

    A socket's path has at most 107 bytes and the servers' account may be unable to enter the data directory's parents,
    so the sockets never lie in the data directory itself.
    """
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(f"/tmp/trunkline-{os.getuid()}-{name}")  # noqa: S108 - made 0700, and its owner is checked, before use


def _in_url(host: str) -> str:
    """Write a host as a URL does; an address that means "all" is reached as this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host


def _keys(values: "_Values", folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    secret_keys, index_keys = values.many("HUB_SECRET_KEYS"), values.many("HUB_INDEX_KEYS")
    if not (secret_keys and index_keys):
        try:
            kept = secrets_file.read(folder)
        except secrets_file.NoSecrets as error:
            raise BadSetting(f"HUB_SECRET_KEYS and HUB_INDEX_KEYS are not both set, and {error}") from error
        secret_keys, index_keys = secret_keys or kept.secret_keys, index_keys or kept.index_keys
    if not all(map(_is_fernet_key, secret_keys)):
        raise BadSetting("HUB_SECRET_KEYS takes Fernet keys (32 bytes in URL-safe base64), newest first, with commas.")
    if any(len(key) < SHORTEST_INDEX_KEY for key in index_keys):
        raise BadSetting(f"HUB_INDEX_KEYS takes keys of at least {SHORTEST_INDEX_KEY} characters, with commas.")
    return secret_keys, index_keys


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key)) == FERNET_KEY_BYTES
    except (binascii.Error, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class _Values:
    """Reads one variable at a time and names it when it is bad."""

    environ: Mapping[str, str]

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name) or default

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())

    def whole(self, name: str, default: int, *, lowest: int = 1, highest: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise BadSetting(f"{name} takes a whole number from {lowest} to {highest}, not {text!r}.")
        return int(text)

    def seconds(self, name: str, default: float) -> float:
        text = self.text(name, str(default))
        try:
            value = float(text)
        except ValueError:
            value = -1
        if not 0 <= value < float("inf"):
            raise BadSetting(f"{name} takes a number of seconds, not {text!r}.")
        return value

    def url(self, name: str, default: str, schemes: set[str]) -> str:
        """Read a URL; what is wrong with it is said without repeating it, because it may hold a password."""
        text = self.text(name, default)
        try:
            scheme = urlsplit(text).scheme
        except ValueError:
            scheme = ""
        if scheme not in schemes:
            raise BadSetting(f"{name} takes a URL that begins with {' or '.join(f'{s}://' for s in sorted(schemes))}.")
        return text
