"""Personal data at rest: sealed with Fernet, found again through a keyed blind index.

Sealing and indexing use separate keys: whoever holds the index key can test a guess, not read a value. Each list of
keys is newest first; writing uses the newest, reading tries all, so a key is rotated while the hub runs.
"""

import hashlib
import hmac
from typing import Any
from uuid import UUID

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

INDEX_BYTES = 16
FINGERPRINT_BYTES = 8


class Vault:
    """Seals values and computes blind indexes. Safe to share between threads."""

    def __init__(self, secret_keys: tuple[str, ...], index_keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in secret_keys])
        self._index_keys = tuple(key.encode() for key in index_keys)
        self.fingerprints = tuple(_fingerprint(key.encode()) for key in secret_keys)

    def seal(self, value: Any) -> bytes:  # noqa: ANN401 - any JSON value
        """Encrypt a JSON value."""
        return self._fernet.encrypt(orjson.dumps(value))

    def unseal(self, token: bytes) -> Any:  # noqa: ANN401 - any JSON value
        """Decrypt what `seal` made; raise `cryptography.fernet.InvalidToken` when no key fits."""
        return orjson.loads(self._fernet.decrypt(bytes(token)))

    def reseal(self, token: bytes) -> bytes:
        """Encrypt the same value with the newest key."""
        return self._fernet.rotate(bytes(token))

    def can_open(self, token: bytes) -> bool:
        """Tell whether one of the keys sealed `token`."""
        try:
            self._fernet.decrypt(bytes(token))
        except InvalidToken:
            return False
        return True

    def index(self, workspace_id: UUID, value: str) -> bytes:
        """Return the blind index under the newest key: equal values of one workspace have equal indexes."""
        return _index(self._index_keys[0], workspace_id, value)

    def indexes(self, workspace_id: UUID, value: str) -> list[bytes]:
        """Return the blind indexes under every key, newest first, to look a value up during a re-index."""
        return [_index(key, workspace_id, value) for key in self._index_keys]

    def digest(self, data: bytes) -> bytes:
        """Return a keyed digest, for comparing a request with an earlier one without keeping it."""
        return hmac.digest(self._index_keys[0], data, hashlib.sha256)

    def is_digest_of(self, digest: bytes, data: bytes) -> bool:
        """Tell whether `digest` was made of `data` under one of the keys."""
        return any(hmac.compare_digest(digest, hmac.digest(key, data, hashlib.sha256)) for key in self._index_keys)


def _index(key: bytes, workspace_id: UUID, value: str) -> bytes:
    return hmac.digest(key, workspace_id.bytes + value.encode(), hashlib.sha256)[:INDEX_BYTES]


def _fingerprint(key: bytes) -> str:
    return hmac.digest(key, b"fingerprint", hashlib.sha256)[:FINGERPRINT_BYTES].hex()
