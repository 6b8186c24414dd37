"""Alembic's entry point: one connection, made by `hub.core.migrate` or given by a test."""

import re
from typing import Any

from alembic import context
from sqlalchemy import text

from hub.accounts import models as accounts
from hub.contacts import models as contacts
from hub.core import audit, feed, idempotency, installation, outbox
from hub.core.db import METADATA
from hub.inbound import models as inbound
from hub.messages import models as messages
from hub.routing import models as routing

TABLES = (accounts, audit, contacts, feed, idempotency, inbound, installation, messages, outbox, routing)
"""Importing a module puts its tables into the metadata."""
PARTITION = re.compile(r".*_(\d{4}_\d{2}|default)$")


def is_ours(thing: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:  # noqa: ANN401, FBT001 - Alembic's signature
    """Leave partitions, and PostgreSQL's own foreign keys to them, out of the comparison: they come and go."""
    if kind == "table":
        return not PARTITION.match(name or "")
    if kind == "foreign_key_constraint":
        return not PARTITION.match(thing.elements[0].target_fullname.split(".")[-2])
    return True


def run() -> None:
    """Run the migrations on the connection we were given."""
    connection = context.config.attributes["connection"]
    connection.execute(text("SET lock_timeout = '4s'"))  # waiting longer would queue every request behind us
    connection.execute(text("SET statement_timeout = '60s'"))
    context.configure(connection=connection, target_metadata=METADATA, include_object=is_ours, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


run()
