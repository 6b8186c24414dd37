"""The month's spend: every attempt counts once, whatever is told of it, in whatever order; a ceiling ends sending."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from channels.types import Cost
from hub.core import clock
from hub.messages import rollups
from hub.messages.reasons import Verdict
from hub.routing import spend
from hub.routing.directory import Directory
from tests.routing.making import CENT, make_shop
from tracking.delivery import AttemptStatus, Status
from tracking.spend import State

TOLD = Cost(micros=7_900, currency="USD")
IN_ROUBLES = Cost(micros=2_500_000, currency="RUB")
SUPPRESSED = (Status.SUPPRESSED, Verdict.SPEND_CEILING)


def cents(count: int) -> Cost:
    return replace(CENT, micros=count * CENT.micros)


def test_a_segment_counts_by_the_price_list(shop):
    shop.send(segments=3)

    assert {"USD": 30_000} == shop.spend()


def test_a_known_cost_takes_the_place_of_the_price_list(shop):
    """Also in another currency: then the first amount is taken off."""
    first, second = shop.send(), shop.send()

    shop.tell(shop.news(first, AttemptStatus.DELIVERED, cost=TOLD))
    shop.tell(shop.news(second, AttemptStatus.DELIVERED, cost=IN_ROUBLES))

    assert {"USD": 7_900, "RUB": 2_500_000} == shop.spend() == shop.counted()


def test_what_nobody_priced_counts_nothing_until_it_is_priced(hub):
    shop = make_shop(hub, {"segment_price": None})
    message = shop.send()
    before = shop.spend()

    shop.tell(shop.news(message, AttemptStatus.DELIVERED, cost=TOLD))

    assert ({}, {"USD": 7_900}) == (before, shop.spend())


@pytest.mark.parametrize(
    ("proof", "spent"), [(AttemptStatus.ABSENT, {}), (AttemptStatus.SENT, {"USD": 10_000})], ids=str
)
def test_a_call_in_doubt_counts_until_it_is_disproved(shop, proof, spent):
    message = shop.accept()
    shop.mark(message)
    shop.tell(shop.news(message, AttemptStatus.UNKNOWN, segments=1))
    in_doubt = shop.spend()

    shop.tell(shop.news(message, proof))

    assert ({"USD": 10_000}, spent) == (in_doubt, shop.spend())


@pytest.mark.parametrize("seed", range(20))
def test_late_repeated_and_reordered_news_never_counts_twice(shop, seed):
    """Every message ends at the sum it would have if each thing had been told once, in order, at once or one by one."""
    dice = random.Random(seed)
    news = []
    for _ in range(4):
        message = shop.accept()
        shop.mark(message)
        news += [
            shop.news(message, AttemptStatus.UNKNOWN, segments=2),
            shop.news(message, AttemptStatus.SENT, segments=2, provider_message_id=f"SM{message.hex}"),
            shop.news(message, AttemptStatus.DELIVERED, cost=dice.choice([None, TOLD, IN_ROUBLES])),
        ]
    expected: dict[str, int] = {}
    for item in news:
        if item.status is AttemptStatus.DELIVERED:
            cost = item.cost or cents(2)
            expected[cost.currency] = expected.get(cost.currency, 0) + cost.micros
    news *= 2
    dice.shuffle(news)

    while news:
        batch = [news.pop() for _ in range(min(len(news), dice.choice([1, 1, 2, 5])))]
        shop.tell(*batch)

    assert expected == shop.spend() == shop.counted()


def test_spend_belongs_to_the_month_account_and_key_of_the_call(shop):
    """The month is the one in which the provider was called, not the one in which the cost became known."""
    message = shop.send()
    with shop.hub.db.across_workspaces() as session:
        session.execute(
            text("UPDATE attempts SET marked_at = '2026-01-31T23:59Z' WHERE message_id = :id"), {"id": message}
        )
    shop.tell(shop.news(message, AttemptStatus.DELIVERED, cost=cents(3)))

    rows = shop.rows("SELECT * FROM spend WHERE workspace_id = :workspace AND month = '2026-01-01'")
    assert {(shop.account.id, shop.actor.id)} == {(row.provider_account_id, row.spender_id) for row in rows}


@pytest.mark.parametrize(("ceiling", "called"), [(cents(2), True), (cents(1), False)], ids=["below", "reached"])
def test_an_account_at_its_ceiling_is_not_called(shop, ceiling, called):
    shop.change(shop.account, monthly_ceiling=ceiling)
    shop.send()
    message = shop.accept()

    assert called == shop.mark(message)
    if not called:
        assert SUPPRESSED == shop.why_not(message)


@pytest.mark.parametrize(("micros", "called"), [(20_000, True), (19_999, False)], ids=["enough", "too_little"])
def test_an_account_stops_when_the_rest_does_not_pay_for_one_segment_more(shop, micros, called):
    """What starts calls, who chooses accounts, and the meter say the same."""
    shop.change(shop.account, monthly_ceiling=replace(CENT, micros=micros))
    shop.send()

    with shop.hub.db.transaction(shop.actor.workspace_id) as session:
        full = spend.full_accounts(session, shop.actor.workspace_id)
        known = spend.of_month(session, shop.actor.workspace_id, clock.now()).accounts[shop.account.id]

    assert called == shop.mark(shop.accept())
    assert (called, called) == (shop.account.id not in full, known.state is not State.REACHED)


@pytest.mark.parametrize(("ceiling", "called"), [(20_000, True), (10_000, False)], ids=["below", "reached"])
def test_a_key_at_its_ceiling_has_nothing_sent(hub, ceiling, called):
    shop = make_shop(hub, ceiling_micros=ceiling, ceiling_currency="USD")
    shop.send()
    message = shop.accept()

    assert called == shop.mark(message)
    if not called:
        assert SUPPRESSED == shop.why_not(message)


def test_a_ceiling_in_another_currency_is_not_reached(shop):
    """Amounts are never converted."""
    shop.send(cost=IN_ROUBLES)
    shop.change(shop.account, segment_price=None, monthly_ceiling=TOLD)

    assert shop.mark(shop.accept())


def test_what_was_spent_last_month_does_not_count(shop):
    shop.send()
    shop.change(shop.account, monthly_ceiling=cents(1))
    with shop.hub.db.across_workspaces() as session:
        session.execute(
            text("UPDATE spend SET month = month - interval '1 month' WHERE workspace_id = :workspace"),
            {"workspace": shop.actor.workspace_id},
        )

    assert shop.mark(shop.accept())


def test_another_account_takes_over_from_one_at_its_ceiling(shop):
    """The oldest that fits and has not come to its ceiling; a message prepared before that is put off."""
    shop.send()
    shop.change(shop.account, monthly_ceiling=cents(1))
    other = shop.add_account()
    message = shop.accept()

    chosen = Directory(shop.hub).choose(shop.actor.workspace_id, "sms", test=True)

    assert other == chosen
    assert (False, None) == (shop.mark(message), shop.why_not(message))


def test_a_message_pinned_to_an_account_goes_through_no_other(shop):
    shop.send()
    shop.change(shop.account, monthly_ceiling=cents(1))
    shop.add_account()
    message = shop.accept()
    with shop.hub.db.across_workspaces() as session:
        session.execute(
            text(
                "UPDATE messages SET route = jsonb_set(route, '{0,provider_account}', to_jsonb(CAST(:account AS text)))"
                " WHERE id = :id"
            ),
            {"id": message, "account": str(shop.account.id)},
        )

    chosen = Directory(shop.hub).choose(shop.actor.workspace_id, "sms", shop.account.id, test=True)

    assert chosen
    assert shop.account.id == chosen.id
    assert (False, SUPPRESSED) == (shop.mark(message), shop.why_not(message))


def test_when_all_accounts_are_at_their_ceilings_the_oldest_is_asked_and_refuses(shop):
    shop.change(shop.account, monthly_ceiling=cents(1))
    other = shop.add_account(monthly_ceiling=cents(1))
    shop.send()
    shop.send(other)
    message = shop.accept()

    chosen = Directory(shop.hub).choose(shop.actor.workspace_id, "sms", test=True)

    assert chosen
    assert shop.account.id == chosen.id
    assert (False, SUPPRESSED) == (shop.mark(message), shop.why_not(message))


def test_every_account_and_key_has_a_meter(hub):
    """Spent or not, near its ceiling or far from it."""
    shop = make_shop(hub, {"monthly_ceiling": cents(5)}, ceiling_micros=40_000, ceiling_currency="USD")
    idle = shop.add_account()
    for _ in range(4):
        shop.send()

    with hub.db.transaction(shop.actor.workspace_id) as session:
        month = spend.of_month(session, shop.actor.workspace_id, clock.now())
        next_month = spend.of_month(session, shop.actor.workspace_id, clock.now() + timedelta(days=32))

    used, unused = month.accounts[shop.account.id], month.accounts[idle.id]
    assert (40_000, 0.8, State.NEAR) == (used.spent_micros, used.ratio, used.state)
    assert (0, None, State.OK) == (unused.spent_micros, unused.ratio, unused.state)
    assert State.REACHED is month.keys[shop.actor.id].state
    assert 0 == next_month.accounts[shop.account.id].spent_micros


def test_a_wrong_sum_is_found_and_mended(shop):
    """What the attempts say they have added is the truth."""
    shop.send()
    with shop.hub.db.across_workspaces() as session:
        session.execute(text("UPDATE spend SET micros = micros + 1"))

    with shop.hub.db.as_owner() as session:
        found = rollups.rebuild(session).wrong
    with shop.hub.db.as_owner() as session:
        again = rollups.rebuild(session).wrong

    assert (True, 0, {"USD": 10_000}) == (found > 0, again, shop.spend())
