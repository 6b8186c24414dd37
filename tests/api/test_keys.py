"""API keys over REST: made, changed, revoked; never able to do more than who made them."""

from datetime import timedelta
from typing import Any

import pytest

from hub.accounts.scopes import KEY_SCOPES, Purpose, Scope
from hub.core import clock
from hub.core.runtime import Runtime
from tests.api.making import MESSAGES, json_of, pointers_of, problem_of, run
from tests.conftest import Caller

KEYS = "/api/v1/api-keys"


def make(caller: Caller, **fields: Any) -> dict[str, Any]:
    response = caller.post(KEYS, {"name": "Shop", **fields})
    assert 201 == response.status_code, response.text
    return dict(json_of(response))


def patch(caller: Caller, key: dict[str, Any], **changes: Any) -> Any:
    return caller.call("PATCH", f"{KEYS}/{key['id']}", json=changes)


def with_key(caller: Caller, key: dict[str, Any]) -> Caller:
    return Caller(caller.workspace, key["secret"], caller.client)


def acts(hub: Runtime, key: dict[str, Any]) -> list[str]:
    return [action for (action,) in run(hub, "SELECT action FROM audit WHERE object = :id ORDER BY id", id=key["id"])]


def test_a_new_key_works_and_tells_its_secret_once(caller):
    """What is left out is as modest as it can be: of the maker's kind, without the right to make keys."""
    made = make(caller)

    assert 200 == with_key(caller, made).get(MESSAGES).status_code
    assert made["secret"].startswith(made["prefix"])
    assert (True, sorted(KEY_SCOPES), None, None) == (
        made["test"],
        made["scopes"],
        made["owner"],
        made["monthly_ceiling"],
    )
    again = caller.get(f"{KEYS}/{made['id']}").json
    assert "secret" not in again
    assert made == again | {"secret": made["secret"], "last_used_at": made["last_used_at"]}


def test_the_same_request_again_makes_no_second_key(caller):
    """A lost answer is asked for again with its Idempotency-Key; it is kept sealed."""
    first = caller.post(KEYS, {"name": "Shop"}, Idempotency_Key="once")
    second = caller.post(KEYS, {"name": "Shop"}, Idempotency_Key="once")

    assert first.json == second.json
    assert "true" == second.headers["Idempotency-Replayed"]
    assert 2 == len(caller.get(KEYS).json["data"])  # the caller's own, and this one


def test_no_secret_is_readable_in_the_database(hub, caller):
    made = caller.post(KEYS, {"name": "Shop"}, Idempotency_Key="sealed").json

    for table in ("api_keys", "audit", "idempotency_keys"):
        assert [] == run(hub, f"SELECT 1 FROM {table} t WHERE position(:x in t::text) > 0", x=made["secret"][17:])


def test_keys_are_listed_newest_first_in_pages(caller):
    names = [make(caller, name=f"Key {number}")["name"] for number in range(3)]

    first = caller.get(KEYS, limit=2).json
    rest = caller.get(KEYS, limit=2, after=first["next"]).json

    assert [*reversed(names), "tests"] == [key["name"] for key in [*first["data"], *rest["data"]]]
    assert rest["next"] is None


def test_a_key_does_not_change_itself(hub, caller):
    key = make(caller, scopes=[Scope.API_KEYS_WRITE])

    problem_of(patch(with_key(caller, key), key, requests_per_minute=9), 403, "forbidden")


def test_what_a_key_makes_or_changes_has_no_wider_limits_than_its_own(caller):
    """What is left out is as the maker's; what is asked for may be narrower."""
    soon, later = (clock.show(clock.now() + timedelta(days=days)) for days in (1, 2))
    own = {"requests_per_minute": 100, "expires_at": soon, "monthly_ceiling": {"amount": "5.00", "currency": "EUR"}}
    maker = with_key(caller, make(caller, scopes=[Scope.API_KEYS_WRITE], **own))
    wider = (
        {"requests_per_minute": 101},
        {"expires_at": later},
        {"monthly_ceiling": {"amount": "5.01", "currency": "EUR"}},
        {"monthly_ceiling": {"amount": "1", "currency": "USD"}},
    )

    made = make(maker, scopes=[Scope.API_KEYS_WRITE])

    assert own == {name: made[name] for name in own}
    for excess in wider:
        problem_of(maker.post(KEYS, {"name": "x", "scopes": [Scope.API_KEYS_WRITE], **excess}), 403, "forbidden")
        problem_of(patch(maker, made, **excess), 403, "forbidden")
    problem_of(patch(maker, made, monthly_ceiling=None), 403, "forbidden")
    problem_of(patch(maker, made, expires_at=None), 403, "forbidden")
    assert 99 == patch(maker, made, requests_per_minute=99).json["requests_per_minute"]


@pytest.mark.parametrize("excess", [{"scopes": [Scope.METRICS_READ]}, {"purposes": [Purpose.MARKETING]}])
def test_a_key_cannot_be_given_more_than_its_maker_has(caller_with, excess):
    """Neither when it is made nor later."""
    maker = caller_with(purposes=[Purpose.TRANSACTIONAL])
    key = make(maker)

    problem_of(maker.post(KEYS, {"name": "More", **excess}), 403, "forbidden")
    problem_of(patch(maker, key, **excess), 403, "forbidden")


def test_what_a_key_could_do_before_its_changer_need_not_be_able_to_do(caller, caller_with):
    """Renaming is no gift; taking away is none either."""
    strong = make(caller, scopes=list(KEY_SCOPES))
    weak = with_key(caller, make(caller, scopes=[Scope.API_KEYS_WRITE]))

    assert 200 == patch(weak, strong, name="Renamed").status_code
    assert [Scope.MESSAGES_READ] == patch(weak, strong, scopes=[Scope.MESSAGES_READ]).json["scopes"]
    problem_of(patch(weak, strong, scopes=list(KEY_SCOPES)), 403, "forbidden")


def test_a_test_key_makes_and_sees_test_keys_only(hub, caller_with):
    live = caller_with(test=False)
    test = with_key(live, make(live, test=True, scopes=[Scope.API_KEYS_READ, Scope.API_KEYS_WRITE]))
    other = make(live)

    problem_of(test.post(KEYS, {"name": "Live", "test": False}), 403, "forbidden")
    problem_of(test.get(f"{KEYS}/{other['id']}"), 404, "not_found")
    problem_of(test.post(f"{KEYS}/{other['id']}/revoke"), 404, "not_found")
    assert [True] == [key["test"] for key in json_of(test.get(KEYS))["data"]]


def test_what_is_given_changes_and_the_rest_stays(caller):
    before = make(caller, monthly_ceiling={"amount": "250.5", "currency": "EUR"})
    soon = clock.show(clock.now() + timedelta(days=1))

    after = patch(caller, before, name="Store", requests_per_minute=10, expires_at=soon).json

    assert {"amount": "250.50", "currency": "EUR"} == before["monthly_ceiling"]
    changes = {"name": "Store", "requests_per_minute": 10, "expires_at": soon}
    assert {name: value for name, value in before.items() if name != "secret"} | changes == after
    assert after == caller.get(f"{KEYS}/{before['id']}").json


def test_null_takes_an_expiry_and_a_ceiling_away(caller):
    soon = clock.show(clock.now() + timedelta(days=1))
    key = make(caller, expires_at=soon, monthly_ceiling={"amount": "1", "currency": "RUB"})

    after = patch(caller, key, expires_at=None, monthly_ceiling=None).json

    assert (None, None) == (after["expires_at"], after["monthly_ceiling"])


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"scopes": []}, "/scopes"),
        ({"purposes": ["spam"]}, "/purposes/0"),
        ({"requests_per_minute": 0}, "/requests_per_minute"),
        ({"requests_per_minute": "9"}, "/requests_per_minute"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"monthly_ceiling": {"amount": "1", "currency": "EURO"}}, "/monthly_ceiling/currency"),
        ({"monthly_ceiling": {"amount": "-1", "currency": "EUR"}}, "/monthly_ceiling/amount"),
        ({"monthly_ceiling": {"amount": 1, "currency": "EUR"}}, "/monthly_ceiling/amount"),
        ({"secret": "mine"}, "/secret"),
        ({"owner": None}, "/owner"),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(caller, fields, pointer):
    assert {pointer} == pointers_of(caller.post(KEYS, {"name": "Shop", **fields}))
    assert {pointer} == pointers_of(patch(caller, make(caller), **fields))


def test_a_revoked_key_is_refused_by_the_very_next_answer(caller):
    """This process forgets it at once; others within two seconds."""
    key = make(caller)
    theirs = with_key(caller, key)
    assert 200 == theirs.get(MESSAGES).status_code

    revoked = caller.post(f"{KEYS}/{key['id']}/revoke").json

    problem_of(theirs.get(MESSAGES), 401, "unauthorized")
    assert revoked["revoked_at"]
    assert revoked == caller.post(f"{KEYS}/{key['id']}/revoke").json  # twice changes nothing


def test_a_narrowed_key_is_narrower_at_once(caller):
    key = make(caller)
    theirs = with_key(caller, key)
    assert 200 == theirs.get(MESSAGES).status_code

    patch(caller, key, scopes=[Scope.EVENTS_READ])

    problem_of(theirs.get(MESSAGES), 403, "forbidden")


def test_a_revoked_key_does_not_come_back(caller):
    key = make(caller)
    caller.post(f"{KEYS}/{key['id']}/revoke")

    problem_of(patch(caller, key, name="Back"), 409, "revoked")


def test_what_a_key_makes_belongs_to_the_keys_owner(hub, caller):
    """When the owner leaves, it ends with what made it."""
    owner = run(
        hub,
        "UPDATE api_keys SET owner_id = gen_random_uuid() WHERE workspace_id = :id RETURNING owner_id",
        id=caller.workspace.id,
    )

    made = make(caller)

    assert owner == run(hub, "SELECT owner_id FROM api_keys WHERE prefix = :prefix", prefix=made["prefix"])
    assert made["owner"].startswith("usr_")


def test_every_change_is_written_down_with_before_and_after(hub, caller):
    key = make(caller)
    patch(caller, key, name="Store")
    patch(caller, key, name="Store")  # changes nothing
    caller.post(f"{KEYS}/{key['id']}/revoke")
    caller.post(f"{KEYS}/{key['id']}/revoke")

    entries = caller.get("/api/v1/audit", object=key["id"]).json["data"]

    assert ["api_key.created", "api_key.changed", "api_key.revoked"] == acts(hub, key)
    assert ("Shop", "Store") == (entries[1]["before"]["name"], entries[1]["after"]["name"])
