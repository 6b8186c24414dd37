"""What every process of the hub holds: one value, built once, passed down."""

from dataclasses import dataclass

from hub.core.crypto import Vault
from hub.core.db import Database
from hub.core.limiter import Limiter
from hub.core.queue import Bells, connect
from hub.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """The hub's settings and its connections. Safe to share between threads; build it after a fork."""

    settings: Settings
    db: Database
    vault: Vault
    bells: Bells
    limiter: Limiter


def build(settings: Settings, *, pool_size: int = 8) -> Runtime:
    """Open nothing yet: connections are made when first used."""
    client = connect(settings.redis_url)
    return Runtime(
        settings=settings,
        db=Database(settings.database_url, pool_size=pool_size),
        vault=Vault(settings.secret_keys, settings.index_keys),
        bells=Bells(client),
        limiter=Limiter(client),
    )
