"""Keys for what leaves the hub signed: cookies, form tokens, links. Made of HUB_SECRET_KEYS, so they rotate along."""

import hashlib
import hmac

from itsdangerous import URLSafeTimedSerializer

from hub.core.settings import Settings


def keys(settings: Settings, purpose: str) -> list[str]:
    """Return the keys for one purpose, newest first; none tells anything about another."""
    return [hmac.digest(key.encode(), purpose.encode(), hashlib.sha256).hex() for key in settings.secret_keys]


def signer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    """Return what signs with the newest key and takes what any of them signed."""
    return URLSafeTimedSerializer(keys(settings, purpose)[::-1], salt=purpose)
