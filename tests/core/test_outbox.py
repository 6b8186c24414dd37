"""The outbox: who gets which rows, for how long, and that nobody gets a row twice."""

import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from hub.core import clock, ids, outbox
from hub.core.outbox import OUTBOX, Claimed, Lane, Later, Topic
from hub.core.runtime import Runtime

LEASE = 60.0


@pytest.fixture(autouse=True)
def _empty(hub):
    with hub.db.across_workspaces() as session:
        session.execute(text("DELETE FROM outbox"))


def put(hub: Runtime, count: int = 1, workspace: UUID | None = None, **fields: Any) -> list[UUID]:
    """Add due work of one workspace and return its keys."""
    keys = [ids.new() for _ in range(count)]
    row = {"workspace_id": workspace or ids.new(), "topic": "send", "lane": "now", "due_at": clock.now(), **fields}
    with hub.db.across_workspaces() as session:
        session.execute(insert(OUTBOX), [row | {"key": key} for key in keys])
    return keys


def claim(hub: Runtime, limit: int = 100, lease: float = LEASE, lane: Lane = Lane.NOW) -> list[Claimed]:
    with hub.db.across_workspaces() as session:
        return outbox.claim(session, Topic.SEND, lane, limit=limit, lease_seconds=lease)


def keys_of(claimed: list[Claimed]) -> set[UUID]:
    return {row.key for row in claimed}


def in_seconds(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


def test_due_work_is_claimed_once(hub):
    """A row in somebody's hands is nobody else's."""
    keys = put(hub, 3)

    first, second = claim(hub), claim(hub)

    assert (set(keys), []) == (keys_of(first), second)


def test_the_oldest_work_comes_first(hub):
    workspace = ids.new()
    newest, oldest, middle = (put(hub, 1, workspace, due_at=in_seconds(-age))[0] for age in (1, 3, 2))

    assert [{oldest}, {middle}, {newest}] == [keys_of(claim(hub, limit=1)) for _ in range(3)]


def test_work_that_is_not_due_waits(hub):
    """Neither the future nor another lane nor another topic is claimed."""
    put(hub, due_at=in_seconds(60))
    put(hub, lane="bulk")
    put(hub, topic="inbound")

    assert [] == claim(hub)


def test_a_claim_takes_no_more_than_its_limit(hub):
    put(hub, 50)

    assert [20, 20, 10] == [len(claim(hub, limit=20)) for _ in range(3)]


def test_a_flood_does_not_starve_another_workspace(hub):
    """A thousand rows of one and five of another: one claim has all five."""
    put(hub, 1000)
    few = put(hub, 5)

    claimed = claim(hub, limit=200)

    assert set(few) <= keys_of(claimed)
    assert len(claimed) <= 200


@pytest.mark.parametrize(("floods", "limit"), [(2, 32), (5, 32), (30, 200), (40, 500)])
def test_many_floods_do_not_starve_a_workspace(hub, floods, limit):
    """Whatever the order of their ids, every workspace that waits has something of one claim."""
    workspaces = sorted(uuid4() for _ in range(floods))
    for workspace in workspaces:
        put(hub, 40, workspace)

    shares = Counter(row.workspace_id for row in claim(hub, limit=limit))

    assert set(workspaces) == set(shares)


def test_workspaces_that_wait_for_later_do_not_narrow_a_claim(hub):
    """Scheduled rows of a hundred workspaces leave the claim to the one that is due."""
    for _ in range(100):
        put(hub, due_at=in_seconds(3600))
    put(hub, 500)

    assert 200 == len(claim(hub, limit=200))


def test_a_lease_that_ran_out_is_claimed_again(hub):
    """A worker that died gives its work back by doing nothing; the new claim has another token."""
    (key,) = put(hub)
    first = claim(hub, lease=0.3)
    held = claim(hub)
    time.sleep(0.35)
    second = claim(hub)

    assert ([], {key}, {key}) == (held, keys_of(first), keys_of(second))
    assert first[0].claim != second[0].claim


def test_claimers_side_by_side_never_get_the_same_row(hub):
    """Eight threads share two thousand rows of three workspaces: each row is claimed once, none is left."""
    keys = [key for count in (1500, 400, 100) for key in put(hub, count)]
    found: list[list[UUID]] = [[] for _ in range(8)]

    def work(mine: list[UUID]) -> None:
        misses = 0
        while misses < 3:
            claimed = claim(hub, limit=37)
            mine += [row.key for row in claimed]
            misses = 0 if claimed else misses + 1

    threads = [threading.Thread(target=work, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(keys) == sorted(key for mine in found for key in mine)


def test_two_open_claims_never_hold_the_same_row(hub):
    """While one claim is not committed, another takes the rest and waits for nothing."""
    keys = put(hub, 10)
    with hub.db.across_workspaces() as one, hub.db.across_workspaces() as other:
        first = outbox.claim(one, Topic.SEND, Lane.NOW, limit=6, lease_seconds=LEASE)
        second = outbox.claim(other, Topic.SEND, Lane.NOW, limit=100, lease_seconds=LEASE)

    assert (6, 4) == (len(first), len(second))
    assert set(keys) == keys_of(first) | keys_of(second)


def test_a_claim_that_is_rolled_back_holds_nothing(hub):
    keys = put(hub, 2)
    with hub.db.across_workspaces() as session:
        outbox.claim(session, Topic.SEND, Lane.NOW, limit=10, lease_seconds=LEASE)
        session.rollback()

    assert set(keys) == keys_of(claim(hub))


def test_completed_work_is_gone_and_completing_it_again_is_no_error(hub):
    put(hub, 2)
    rows = [(row.workspace_id, row.key) for row in claim(hub, lease=0)]

    for _ in range(2):
        with hub.db.across_workspaces() as session:
            outbox.complete(session, [Topic.SEND], rows)

    assert [] == claim(hub)


def test_completing_leaves_other_topics_and_workspaces_alone(hub):
    """A row is its workspace, its topic and its key."""
    workspace, other, key = ids.new(), ids.new(), ids.new()
    for place in ({}, {"topic": "inbound"}, {"workspace_id": other}):
        row = {"workspace_id": workspace, "topic": "send", "key": key, "lane": "now", "due_at": clock.now(), **place}
        with hub.db.across_workspaces() as session:
            session.execute(insert(OUTBOX).values(row))

    with hub.db.across_workspaces() as session:
        outbox.complete(session, [Topic.SEND], [(workspace, key)])
        left = session.execute(text("SELECT topic, workspace_id FROM outbox")).all()

    assert {("inbound", workspace), ("send", other)} == {tuple(row) for row in left}


def test_postponed_work_waits_for_its_new_time_in_its_new_lane(hub):
    """It may go on as other work; its claim is over."""
    put(hub)
    (row,) = claim(hub)
    later = Later(workspace_id=row.workspace_id, key=row.key, topic=Topic.SEND, lane=Lane.BULK, due_at=in_seconds(-1))

    with hub.db.across_workspaces() as session:
        outbox.postpone(session, [Topic.SEND, Topic.FOLLOW_UP], [later])

    assert ([], {row.key}) == (claim(hub), keys_of(claim(hub, lane=Lane.BULK)))


def test_only_who_holds_a_row_can_give_it_back(hub):
    """A worker whose lease ran out cannot disturb the one that has the row now."""
    put(hub)
    (late,) = claim(hub, lease=0)
    (now,) = claim(hub)
    for token, expected in ((late.claim, 0), (now.claim, 1)):
        with hub.db.across_workspaces() as session:
            outbox.give_back(session, Topic.SEND, (now.workspace_id, now.key), token, in_seconds(-1))
            assert expected == session.scalar(text("SELECT count(*) FROM outbox WHERE claim IS NULL"))


def test_work_whose_time_is_over_is_taken_from_any_lane_and_from_whoever_holds_it(hub):
    """Nothing may be started for it any more; the worker that held it is fenced off by the new token."""
    waiting = put(hub, lane="bulk", due_at=in_seconds(60), expires_at=in_seconds(-1))
    held = put(hub, expires_at=in_seconds(-1))
    put(hub, expires_at=in_seconds(60))
    put(hub)
    (token,) = {row.claim for row in claim(hub)}
    with hub.db.across_workspaces() as session:
        expired = outbox.claim_expired(session, Topic.SEND, limit=10, lease_seconds=LEASE)

    assert {*waiting, *held} == keys_of(expired)
    assert {Lane.BULK, Lane.NOW} == {row.lane for row in expired}
    assert token not in {row.claim for row in expired}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, True), ({"due_at": None}, False), ({"lane": "bulk"}, False), ({"topic": "inbound"}, False)],
)
def test_the_relay_knows_whether_anything_is_due(hub, fields, expected):
    """It sees what a claim would find, also behind workspaces that wait for later."""
    for _ in range(3):
        put(hub, due_at=in_seconds(3600))
    soon: dict[str, Any] = {name: value or in_seconds(60) for name, value in fields.items()}
    put(hub, **soon)

    with hub.db.across_workspaces() as session:
        assert expected is outbox.any_due(session, Topic.SEND, Lane.NOW)
