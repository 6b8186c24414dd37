"""Every route of the application: no key, the wrong key, another workspace's id."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from hub.accounts import keys
from hub.accounts import service as accounts
from hub.accounts.roles import Role
from hub.accounts.scopes import Scope
from hub.accounts.sessions import uses_no_cookie
from hub.core import clock, ids
from hub.core.runtime import Runtime
from tests.api.making import ACCOUNTS, MESSAGES, json_of, make_account, problem_of, run, send, stored
from tests.conftest import Caller
from tests.support.people import make_person

EXEMPT = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/docs/"),
    ("GET", "/api/docs/style.css"),
    ("GET", "/static/<digest>/<path:name>"),
    ("POST", "/hooks/<account>/<kind>"),  # signed by the provider; see test_hooks.py
}
SCOPES = {
    ("POST", "/api/v1/messages"): Scope.MESSAGES_WRITE,
    ("GET", "/api/v1/messages"): Scope.MESSAGES_READ,
    ("POST", "/api/v1/messages/batch"): Scope.MESSAGES_WRITE,
    ("GET", "/api/v1/messages/<message_id>"): Scope.MESSAGES_READ,
    ("POST", "/api/v1/messages/<message_id>/cancel"): Scope.MESSAGES_WRITE,
    ("POST", "/api/v1/messages/<message_id>/reveal"): Scope.MESSAGES_READ,  # and one of those of personal data
    ("POST", "/api/v1/messages/preview"): Scope.MESSAGES_WRITE,
    ("GET", "/api/v1/events"): Scope.EVENTS_READ,
    ("POST", "/api/v1/provider-accounts"): Scope.PROVIDER_ACCOUNTS_WRITE,
    ("GET", "/api/v1/provider-accounts"): Scope.PROVIDER_ACCOUNTS_READ,
    ("GET", "/api/v1/provider-accounts/<account_id>"): Scope.PROVIDER_ACCOUNTS_READ,
    ("PATCH", "/api/v1/provider-accounts/<account_id>"): Scope.PROVIDER_ACCOUNTS_WRITE,
    ("DELETE", "/api/v1/provider-accounts/<account_id>"): Scope.PROVIDER_ACCOUNTS_WRITE,
    ("POST", "/api/v1/provider-accounts/<account_id>/test"): Scope.PROVIDER_ACCOUNTS_WRITE,
    ("GET", "/api/v1/api-keys"): Scope.API_KEYS_READ,
    ("POST", "/api/v1/api-keys"): Scope.API_KEYS_WRITE,
    ("GET", "/api/v1/api-keys/<key_id>"): Scope.API_KEYS_READ,
    ("PATCH", "/api/v1/api-keys/<key_id>"): Scope.API_KEYS_WRITE,
    ("POST", "/api/v1/api-keys/<key_id>/revoke"): Scope.API_KEYS_WRITE,
    ("GET", "/api/v1/users"): Scope.USERS_READ,
    ("POST", "/api/v1/users"): Scope.USERS_WRITE,
    ("GET", "/api/v1/users/<user_id>"): Scope.USERS_READ,
    ("PATCH", "/api/v1/users/<user_id>"): Scope.USERS_WRITE,
    ("POST", "/api/v1/users/<user_id>/link"): Scope.USERS_WRITE,
    ("POST", "/api/v1/users/<user_id>/leave"): Scope.USERS_WRITE,
    ("GET", "/api/v1/audit"): Scope.AUDIT_READ,
    ("GET", "/api/v1/workspace"): Scope.MESSAGES_READ,
    ("PATCH", "/api/v1/workspace"): Scope.SETTINGS_WRITE,
    ("GET", "/api/v1/reports/home"): Scope.MESSAGES_READ,
    ("GET", "/metrics"): Scope.METRICS_READ,
}
FOREIGN = {
    ("GET", "/api/v1/messages/<message_id>"): "message_id",
    ("POST", "/api/v1/messages/<message_id>/cancel"): "message_id",
    ("POST", "/api/v1/messages/<message_id>/reveal"): "message_id",
    ("GET", "/api/v1/provider-accounts/<account_id>"): "account_id",
    ("PATCH", "/api/v1/provider-accounts/<account_id>"): "account_id",
    ("DELETE", "/api/v1/provider-accounts/<account_id>"): "account_id",
    ("POST", "/api/v1/provider-accounts/<account_id>/test"): "account_id",
    ("GET", "/api/v1/api-keys/<key_id>"): "key_id",
    ("PATCH", "/api/v1/api-keys/<key_id>"): "key_id",
    ("POST", "/api/v1/api-keys/<key_id>/revoke"): "key_id",
    ("GET", "/api/v1/users/<user_id>"): "user_id",
    ("PATCH", "/api/v1/users/<user_id>"): "user_id",
    ("POST", "/api/v1/users/<user_id>/link"): "user_id",
    ("POST", "/api/v1/users/<user_id>/leave"): "user_id",
}
PREFIXES = {"message_id": "msg", "account_id": "acc", "key_id": "key", "user_id": "usr"}
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/api/v1/provider-accounts/<account_id>"): {"name": "Taken over"},
    ("POST", "/api/v1/provider-accounts/<account_id>/test"): {"to": {"phone": "+79161234567"}},
    ("PATCH", "/api/v1/api-keys/<key_id>"): {"name": "Taken over"},
    ("PATCH", "/api/v1/users/<user_id>"): {"role": "analyst"},
    ("POST", "/api/v1/users/<user_id>/leave"): {"hand_over_to": ids.show("usr", ids.new())},
}


def routes_of(app: Flask, wanted: Callable[[Rule], bool] = lambda _rule: True) -> set[tuple[str, str]]:
    """Return the routes for programs; screens have their own tests."""
    rules = [rule for rule in app.url_map.iter_rules() if uses_no_cookie(rule.rule) and wanted(rule)]
    return {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def path_of(route: tuple[str, str], **given: str) -> str:
    """Write the path with the ids that are given; others are of the right kind and of nothing."""
    path = route[1]
    for name, prefix in PREFIXES.items():
        path = path.replace(f"<{name}>", given.get(name) or ids.show(prefix, ids.new()))
    return path


def things_of(hub: Runtime, owner: Caller) -> dict[str, str]:
    """Make one thing of each kind in the owner's workspace; return the ids by their names in paths."""
    return {
        "message_id": send(owner)["id"],
        "account_id": ids.show("acc", make_account(hub, owner).id),
        "key_id": json_of(owner.get("/api/v1/api-keys"))["data"][0]["id"],
        "user_id": ids.show("usr", make_person(hub, owner.workspace, Role.AGENT).user_id),
    }


def seen_by(owner: Caller) -> list[Any]:
    """Return what the owner sees of their workspace."""
    lists = (MESSAGES, ACCOUNTS, "/api/v1/api-keys", "/api/v1/users", "/api/v1/audit")
    return [owner.get(path).json for path in lists]


def test_every_route_is_in_the_tables_of_this_file(app):
    """A new route gets its scope here, or the reason why it needs no key."""
    assert EXEMPT | SCOPES.keys() == routes_of(app)


def test_every_id_in_a_path_is_tried_from_another_workspace(app):
    """A new route with an id gets its foreign case here."""
    assert FOREIGN.keys() == routes_of(app, lambda rule: bool(rule.arguments)) - EXEMPT


@pytest.mark.parametrize("route", SCOPES, ids=" ".join)
def test_without_a_key_every_route_answers_401(client, route):
    response = client.open(path_of(route), method=route[0])

    problem_of(response, 401, "unauthorized")
    assert 'Bearer realm="Trunkline"' == response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic dGw6dGw=",
        "tl_test_x",
        "Bearer tl_test_\xe9\xff",
        "Bearer a b",
    ],
)
def test_what_is_not_a_key_is_401(client, header):
    response = client.get(MESSAGES, headers={"Authorization": header})

    problem_of(response, 401, "unauthorized")


def test_the_scheme_is_read_in_any_case(caller):
    """RFC 9110, section 11.1: the name of a scheme is case-insensitive."""
    response = caller.client.get(MESSAGES, headers={"Authorization": f"bearer {caller.secret}"})

    assert 200 == response.status_code


NEEDED_AS_WELL = {("POST", "/api/v1/provider-accounts/<account_id>/test"): [Scope.MESSAGES_WRITE]}


@pytest.mark.parametrize("route", SCOPES, ids=" ".join)
def test_a_key_with_every_scope_but_the_right_one_answers_403(caller_with, route):
    caller = caller_with(scopes=[scope for scope in Scope if scope is not SCOPES[route]])

    response = caller.call(route[0], path_of(route), json=BODIES.get(route))

    problem_of(response, 403, "forbidden")


@pytest.mark.parametrize("route", SCOPES, ids=" ".join)
def test_a_key_with_only_the_right_scope_is_let_in(caller_with, route):
    caller = caller_with(scopes=[SCOPES[route], *NEEDED_AS_WELL.get(route, [])])

    response = caller.call(route[0], path_of(route), json=BODIES.get(route))

    assert response.status_code in {200, 404, 415, 422}


def test_no_key_reads_the_metrics_unless_it_was_made_for_it(caller):
    """The figures are of the whole hub, not of a workspace."""
    problem_of(caller.get("/metrics"), 403, "forbidden")


@pytest.mark.parametrize("route", FOREIGN, ids=" ".join)
def test_the_id_of_another_workspace_is_404_and_stays_as_it_was(hub, caller, stranger, route):
    path = path_of(route, **things_of(hub, stranger))
    before = stored(hub), seen_by(stranger)

    response = caller.call(route[0], path, json=BODIES.get(route))

    problem_of(response, 404, "not_found")
    assert before == (stored(hub), seen_by(stranger))


@pytest.mark.parametrize("route", FOREIGN, ids=" ".join)
@pytest.mark.parametrize(
    "text", ["msg_", "acc_01h455vb4pex5vsknk084sn02", "01h455vb4pex5vsknk084sn02q", "-", "%00", "é"]
)
def test_an_id_that_is_none_is_404(caller, route, text):
    response = caller.call(route[0], path_of(route, **dict.fromkeys(PREFIXES, text)), json=BODIES.get(route))

    problem_of(response, 404, "not_found")


def test_an_id_of_another_kind_is_404(hub, caller):
    account = make_account(hub, caller)

    response = caller.get(f"{MESSAGES}/{ids.show('acc', account.id)}")

    problem_of(response, 404, "not_found")


def test_a_test_key_and_a_live_key_mark_what_they_send(hub, caller_with):
    """Test messages go to the simulator only; both kinds of keys begin with what they are."""
    rehearsal, earnest = caller_with(test=True), caller_with(test=False)
    send(rehearsal)
    send(earnest)

    kinds = {
        caller.secret[:8]: run(hub, "SELECT test FROM messages WHERE workspace_id = :id", id=caller.workspace.id)
        for caller in (rehearsal, earnest)
    }

    assert {"tl_test_": [(True,)], "tl_live_": [(False,)]} == kinds


def test_a_revoked_key_is_refused_within_two_seconds(hub, caller):
    """A key that is in use is remembered, but not for longer."""
    assert 200 == caller.get(MESSAGES).status_code
    with hub.db.across_workspaces() as session:
        keys.revoke_key(session, hub.vault, caller.secret[:16], actor="tests")
    time.sleep(accounts.CACHE_SECONDS + 0.1)

    problem_of(caller.get(MESSAGES), 401, "unauthorized")


def test_an_expired_key_is_refused_at_once(hub, caller_with):
    """The moment of expiry holds for a key that is remembered as well."""
    caller = caller_with(expires_at=clock.now() + timedelta(seconds=2))
    first = caller.get(MESSAGES)
    time.sleep(2.1)

    assert 200 == first.status_code
    problem_of(caller.get(MESSAGES), 401, "unauthorized")


def test_the_last_use_of_a_key_is_kept(hub, caller):
    caller.get(MESSAGES)

    ((last_used_at,),) = run(hub, "SELECT last_used_at FROM api_keys WHERE workspace_id = :id", id=caller.workspace.id)

    assert timedelta(seconds=5) > clock.now() - last_used_at


def test_a_secret_is_not_in_the_database(hub, caller):
    found = run(hub, "SELECT 1 FROM api_keys k WHERE position(:secret in k::text) > 0", secret=caller.secret[17:])

    assert [] == found


def test_every_answer_says_what_is_left_of_the_rate(caller_with):
    """RateLimit headers, draft 10: the policy, what remains, when all of it is back."""
    caller = caller_with(requests_per_minute=2)

    response = caller.get(MESSAGES)

    assert ('"key";q=2;w=60', '"key";r=1;t=30') == (
        response.headers["RateLimit-Policy"],
        response.headers["RateLimit"],
    )


def test_over_the_rate_is_429_with_the_time_to_come_back(hub, caller_with):
    """Nothing is stored of what is refused, and other keys are not slowed."""
    caller, other = caller_with(requests_per_minute=2), caller_with()
    answers = [caller.post(MESSAGES, {}).status_code for _ in range(2)]
    before = stored(hub)

    refused = caller.post(MESSAGES, {})

    problem_of(refused, 429, "rate_limited")
    assert [422, 422] == answers
    assert 0 < int(refused.headers["Retry-After"]) <= 30
    assert '"key";r=0' in refused.headers["RateLimit"]
    assert (before, 200) == (stored(hub), other.get(MESSAGES).status_code)


def test_a_workspace_lists_only_its_own(caller, stranger):
    """Neither the list nor its filters nor the feed show what another workspace has."""
    theirs = send(stranger, to={"phone": "+79990001122"}, reference="order-1")
    ours = send(caller, to={"phone": "+79990001122"}, reference="order-1")

    queries: list[dict[str, str]] = [{}, {"reference": "order-1"}, {"phone": "+79990001122"}, {"status": "accepted"}]
    found = [[item["id"] for item in caller.get(MESSAGES, **query).json["data"]] for query in queries]

    assert theirs["id"] != ours["id"]
    assert [[ours["id"]]] * len(queries) == found
