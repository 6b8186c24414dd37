"""Row-level security: PostgreSQL itself keeps workspaces apart, whatever statement reaches it."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import orjson
import pytest
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from hub.accounts import keys
from hub.accounts import service as accounts
from hub.accounts.keys import CreateKey
from hub.core import audit, clock, feed, ids
from hub.core.audit import Act
from hub.core.feed import Happened
from hub.core.outbox import Lane
from hub.core.runtime import Runtime
from hub.messages import store

APPEND_ONLY = {"audit"}
IDENTITY = {"workspaces", "api_keys", "users", "sessions", "installation", "alembic_version"}
OTHERS_ROWS = "SELECT count(*) FROM {table} WHERE workspace_id = :other"


@dataclass(frozen=True)
class Tenant:
    """A workspace with one row in each table that a message touches."""

    workspace: UUID
    key: UUID
    message: UUID


@pytest.fixture
def tenants(hub: Runtime) -> tuple[Tenant, Tenant]:
    """Make two workspaces that have a message, work, news and an audit row each."""
    return make_tenant(hub, "One"), make_tenant(hub, "Two")


def make_tenant(hub: Runtime, name: str) -> Tenant:
    with hub.db.across_workspaces() as session:
        workspace = accounts.create_workspace(session, f"{name} {ids.new()}", "RU")
        key, _ = keys.create_key(session, hub.vault, workspace.id, CreateKey(name="k", test=True), actor="tests")
    tenant = Tenant(workspace.id, key.id, ids.new())
    accept(hub, tenant, tenant)
    with hub.db.transaction(workspace.id) as session:
        happened = Happened(
            workspace_id=workspace.id, at=clock.now(), type="message.sent", subject=tenant.message, data={}
        )
        feed.publish(session, [happened])
    return tenant


def accept(hub: Runtime, workspace: Tenant, key: Tenant) -> None:
    """Run the accept statement with a workspace and a key that may not belong together."""
    row = {
        "id": workspace.message,
        "status": 10,
        "channel": "sms",
        "lane": Lane.NOW,
        "purpose": "transactional",
        "reference": None,
        "to_index": "00",
        "sealed": "sealed",
        "route": [],
        "send_at": None,
        "deadline_at": clock.now(),
    }
    parameters = {
        "workspace": str(workspace.workspace),
        "actor": str(key.key),
        "api_key": str(key.key),
        "user": None,
        "test": True,
        "now": clock.now(),
        "rows": orjson.dumps([row]).decode(),
        "keys": "[]",
    }
    hub.db.execute_once(store.ACCEPT, parameters)


def tables(hub: Runtime) -> Iterator[str]:
    """Yield every table of ours that is not a partition."""
    with hub.db.across_workspaces() as session:
        yield from session.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
            )
        )


def filled(hub: Runtime, tenant: Tenant) -> list[str]:
    """Return the tables in which the tenant has rows."""
    with hub.db.across_workspaces() as session:
        return [
            table
            for table in set(tables(hub)) - IDENTITY
            if session.scalar(text(OTHERS_ROWS.format(table=table)), {"other": tenant.workspace})
        ]


def test_every_table_of_a_workspace_is_under_row_level_security(hub):
    """A new table is protected before it has its first row."""
    with hub.db.across_workspaces() as session:
        open_tables = session.scalars(
            text(
                "SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
                " AND NOT relispartition AND NOT (relrowsecurity AND EXISTS ("
                " SELECT FROM pg_policy WHERE polrelid = c.oid AND 'hub_app'::regrole = ANY(polroles)))"
            )
        ).all()

    assert IDENTITY == set(open_tables)


def test_every_table_of_a_workspace_has_its_column(hub):
    """All but the installation's own belong to one workspace, in the first place of their key."""
    with hub.db.across_workspaces() as session:
        keyed = session.scalars(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
                " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
                " WHERE c.relnamespace = 'public'::regnamespace AND NOT relispartition AND attname = 'workspace_id'"
            )
        ).all()

    assert {"workspaces", "users", "sessions", "installation", "alembic_version"} == set(tables(hub)) - set(keyed)


def test_raw_sql_sees_one_workspace(hub, tenants):
    """A statement that forgot its WHERE, or names the other workspace, finds nothing of it."""
    ours, other = tenants
    known = filled(hub, other)
    assert {"messages", "outbox", "feed", "feed_heads", "audit"} <= set(known)

    with hub.db.transaction(ours.workspace) as session:
        seen = {
            table: session.scalar(text(OTHERS_ROWS.format(table=table)), {"other": other.workspace}) for table in known
        }
        everyone = session.scalar(text("SELECT count(*) FROM messages"))

    assert dict.fromkeys(known, 0) == seen
    assert 1 == everyone


def test_raw_sql_changes_one_workspace(hub, tenants):
    """UPDATE and DELETE without a WHERE stop at the workspace."""
    ours, other = tenants
    known = [table for table in filled(hub, other) if table not in APPEND_ONLY]
    before = rows_of(hub, other, known)

    with hub.db.transaction(ours.workspace) as session:
        session.execute(text("UPDATE messages SET reference = 'stolen'"))
        for table in sorted(known, key=lambda name: name == "messages"):
            session.execute(text(f"DELETE FROM {table}"))

    assert before == rows_of(hub, other, known)


def rows_of(hub: Runtime, tenant: Tenant, known: list[str]) -> dict[str, list[str]]:
    with hub.db.across_workspaces() as session:
        query = "SELECT t::text FROM {table} t WHERE workspace_id = :id"
        return {
            table: list(session.scalars(text(query.format(table=table)), {"id": tenant.workspace})) for table in known
        }


@pytest.mark.parametrize("table", ["outbox", "feed_heads", "suppressions"])
def test_rows_of_another_workspace_cannot_be_written(hub, tenants, table):
    """INSERT is judged as reading is."""
    ours, other = tenants
    values = {
        "outbox": "(workspace_id, topic, key, lane, due_at) VALUES (:other, 'send', gen_random_uuid(), 'now', now())",
        "feed_heads": "(workspace_id, number) VALUES (:other, 7) ON CONFLICT DO NOTHING",
        "suppressions": "(workspace_id, channel, address_index, sealed, reason, source, created_at)"
        " VALUES (:other, 'sms', '', '', '', '', now())",
    }

    with pytest.raises(ProgrammingError, match="row-level security"), hub.db.transaction(ours.workspace) as session:
        session.execute(text(f"INSERT INTO {table} {values[table]}"), {"other": other.workspace})


def test_a_row_cannot_be_given_to_another_workspace(hub, tenants):
    ours, other = tenants

    with pytest.raises(ProgrammingError, match="row-level security"), hub.db.transaction(ours.workspace) as session:
        session.execute(text("UPDATE outbox SET workspace_id = :other"), {"other": other.workspace})


def test_without_the_setting_nothing_is_seen_or_written(hub, tenants):
    """Forgetting to say whose transaction it is fails closed."""
    ours, _ = tenants
    known = filled(hub, ours)

    with Session(hub.db._app) as session:
        connection = session.connection()
        seen = [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in known]
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(text("INSERT INTO feed_heads (workspace_id, number) VALUES (:id, 1)"), {"id": ids.new()})

    assert [0] * len(known) == seen


def test_the_setting_ends_with_its_transaction(hub, tenants):
    """A pooled connection carries nothing from one request to the next."""
    ours, _ = tenants
    for _ in range(20):
        with hub.db.transaction(ours.workspace) as session:
            assert 1 == session.scalar(text("SELECT count(*) FROM messages"))

    with Session(hub.db._app) as session:
        assert 0 == session.scalar(text("SELECT count(*) FROM messages"))


def test_partitions_are_no_back_door(hub, tenants):
    """Policies stand on the parent; the partitions by themselves are closed to both roles."""
    ours, _ = tenants
    partition = f"messages_{clock.now():%Y_%m}"

    for name in (partition, "messages_default", "attempts_default", "events_default"):
        with pytest.raises(ProgrammingError, match="permission denied"), hub.db.transaction(ours.workspace) as session:
            session.execute(text(f"SELECT FROM {name}"))


def test_the_accept_statement_with_a_forged_workspace_is_refused(hub, tenants):
    """A key of one workspace cannot write into another; not even half of the statement happens."""
    ours, other = tenants
    forged = Tenant(other.workspace, ours.key, ids.new())

    with pytest.raises(ForeignKeyViolation, match="api_keys"):
        accept(hub, forged, ours)

    with hub.db.across_workspaces() as session:
        assert 0 == session.scalar(text("SELECT count(*) FROM outbox WHERE key = :id"), {"id": forged.message})


@pytest.mark.parametrize("act", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"])
@pytest.mark.parametrize("role", ["app", "jobs"])
def test_the_audit_table_only_grows(hub, tenants, act, role):
    """Neither role may change or delete a row, so a session that was taken over cannot hide."""
    ours, _ = tenants
    opened = hub.db.transaction(ours.workspace) if role == "app" else hub.db.across_workspaces()

    with pytest.raises(ProgrammingError, match="permission denied"), opened as session:
        session.execute(text(act))


def test_an_act_can_be_written_down_in_ones_own_workspace_only(hub, tenants):
    ours, other = tenants

    with pytest.raises(DBAPIError, match="row-level security"), hub.db.transaction(ours.workspace) as session:
        record(hub, session, other.workspace)
    with hub.db.transaction(ours.workspace) as session:
        record(hub, session, ours.workspace)
        assert 1 == session.scalar(text("SELECT count(*) FROM audit WHERE actor = 'tester'"))


def record(hub: Runtime, session: Session, workspace_id: UUID) -> None:
    audit.record(
        session, hub.vault, Act(workspace_id=workspace_id, actor="tester", action="test.made", subject="nothing")
    )


@pytest.mark.parametrize("table", ["workspaces", "api_keys", "users", "members", "sessions", "installation"])
def test_the_app_role_may_not_change_identities(hub, tenants, table):
    """A request cannot give its key more scopes or make another one live again."""
    ours, _ = tenants

    for act in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
        with pytest.raises(ProgrammingError, match="permission denied"), hub.db.transaction(ours.workspace) as session:
            session.execute(text(act))
