"""How long the server takes for each screen, and how much a browser fetches, in a workspace with a long past."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask, render_template
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from benchmarks import history
from benchmarks.measuring import middle, percentile
from benchmarks.report import Bar, Figure
from benchmarks.rounds import Size
from benchmarks.running import BenchmarkFailed, Hub, hub_at_rest
from hub import demo
from hub.accounts import users
from hub.accounts.auth import signed_in
from hub.accounts.roles import Role
from hub.accounts.store import workspace_named
from hub.app import create_app
from hub.core import ids
from hub.core.runtime import Runtime
from hub.web.context import EXTENSION

MESSAGES = 2_000_000
LOOKS = 20  # at each screen, in each round
WARM_UP = 5
PEOPLE = 40
SERVER_MS = Bar(limit=30)
FIRST_KB = Bar(limit=150)
AFTER_KB = Bar(limit=15)
EMPTY = "/w/<slug>/-empty"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
BROWSER = {"Accept-Encoding": "br"}
BUSY = (
    # Some of everything failed, through fifty accounts.
    """
    INSERT INTO provider_accounts (workspace_id, id, name, provider, channel, test, sender, sealed, held, currency,
                                   segment_price_micros, ceiling_micros, created_at, updated_at)
    SELECT workspace_id, CAST(md5('account' || i) AS uuid), 'Account ' || i, provider, channel, i % 2 = 0, sender,
           sealed, i % 10 = 0, 'USD', 7900, 500000000, created_at, updated_at
    FROM provider_accounts, generate_series(1, 49) AS i
    """,
    """
    UPDATE messages SET status = (ARRAY[50, 51, 53, 60, 70, 70, 70, 70])[1 + get_byte(to_index, 2) % 8],
                        reason_code = 'unreachable', provider_code = '30003'
    WHERE get_byte(to_index, 1) < 8
    """,
    """
    WITH accounts AS (SELECT array_agg(id ORDER BY id) AS ids FROM provider_accounts)
    UPDATE attempts a SET status = 70, reason_code = 'unreachable', provider_code = '30003',
                          provider_account_id = ids[1 + get_byte(to_index, 3) % array_length(ids, 1)]
    FROM messages m, accounts
    WHERE m.workspace_id = a.workspace_id AND m.id = a.message_id AND m.reason_code = 'unreachable'
    """,
    """
    INSERT INTO message_rollups (workspace_id, hour, channel, outcome, slot, count)
    SELECT workspace_id, date_trunc('hour', created_at, 'UTC'), channel, status, get_byte(to_index, 3) % 8, count(*)
    FROM messages WHERE status >= 40 GROUP BY 1, 2, 3, 4, 5
    """,
    """
    INSERT INTO spend (workspace_id, month, provider_account_id, spender_id, currency, slot, micros)
    SELECT p.workspace_id, CAST(date_trunc('month', now(), 'UTC') AS date), p.id, k.id, 'USD', slot, 1000000
    FROM provider_accounts p, api_keys k, generate_series(0, 7) AS slot
    """,
    """
    INSERT INTO outbox (workspace_id, topic, key, lane, due_at, expires_at)
    SELECT workspace_id, 'send', id, lane, now() + interval '1 hour', now() + interval '1 day'
    FROM messages ORDER BY id DESC LIMIT 20000 ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO audit (workspace_id, id, at, actor, action, object, request_id, sealed)
    SELECT workspace_id, past_id(i * 17), past_time(i * 17), actor, action, object, request_id, sealed
    FROM (SELECT * FROM audit ORDER BY id LIMIT 1) AS one, generate_series(1, 100000) AS i
    """,
    "VACUUM ANALYZE",
)
VALUES = (
    ("message_id", "msg", "SELECT id FROM messages WHERE status = 70 ORDER BY id DESC LIMIT 1"),
    ("account_id", "acc", "SELECT id FROM provider_accounts ORDER BY id LIMIT 1"),
    ("key_id", "key", "SELECT id FROM api_keys ORDER BY id LIMIT 1"),
    ("user_id", "usr", "SELECT id FROM users ORDER BY id DESC LIMIT 1"),
)


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen, and what looking at it took."""

    name: str
    millis: Sequence[float]
    page_kb: float
    first_kb: float


def run(size: Size) -> list[Figure]:
    """Open every screen as somebody signed in, in this process, warm; PostgreSQL and Valkey are the hub's own."""
    with hub_at_rest() as hub, _application(hub) as app:
        client = app.test_client()
        sealed = _sealed(hub, client)
        history.make(hub, size.of(MESSAGES), sealed)
        with hub.connect() as connection:
            for statement in BUSY:
                connection.execute(statement.encode())
        _add_people(app)
        _sign_in(hub, client)
        paths = _paths(hub, app)
        rounds = [_look(client, paths) for _ in range(size.rounds)]
    return _figures(rounds, size.of(MESSAGES))


@contextmanager
def _application(hub: Hub) -> Iterator[Flask]:
    app = create_app(hub.settings)
    app.add_url_rule(EMPTY, "empty", signed_in()(lambda: render_template("layout.html")))
    yield app
    app.extensions[EXTENSION].db.close()


def _sealed(hub: Hub, client: FlaskClient) -> bytes:
    """Have one message accepted and return its content, which all others get as well."""
    message = {"to": {"phone": "+79161234567"}, "body": "Your code is 4312", "purpose": "transactional"}
    key = {"Authorization": f"Bearer {hub.credentials['api_key']}"}
    answer = client.post("/api/v1/messages", json=message, headers=key)
    if answer.status_code != 202:
        raise BenchmarkFailed(answer.text)
    with hub.connect() as connection:
        found = connection.execute("SELECT sealed FROM messages").fetchone()
    assert found
    return bytes(found[0])


def _add_people(app: Flask) -> None:
    """Give the demo's owner colleagues."""
    hub: Runtime = app.extensions[EXTENSION]
    with hub.db.across_workspaces() as session:
        workspace = workspace_named(session, demo.WORKSPACE)
        assert workspace
        for number in range(PEOPLE):
            user = users.create(session, hub.vault, f"person-{number}@example.com", f"Person {number}", None)
            users.join(session, workspace.id, user.id, Role.AGENT, actor="benchmark")


def _sign_in(hub: Hub, client: FlaskClient) -> None:
    token = TOKEN.search(client.get("/sign-in").text)
    assert token
    typed = {name: hub.credentials[name] for name in ("email", "password")}
    answer = client.post("/sign-in", data={"csrf_token": token[1], **typed})
    if answer.status_code != 303:
        raise BenchmarkFailed(f"signing in: {answer.status}")


def _paths(hub: Hub, app: Flask) -> Mapping[str, str]:
    """Return the address of every screen by its rule: a new one is in it by itself."""
    values: dict[str, str] = {}
    with hub.connect() as connection:
        for name, prefix, statement in VALUES:
            found = connection.execute(statement.encode()).fetchone()
            assert found
            values[name] = ids.show(prefix, found[0])
        slug = connection.execute("SELECT slug FROM workspaces").fetchone()
        assert slug
    values["slug"] = slug[0]
    return {rule.rule: _address(rule, values) for rule in app.url_map.iter_rules() if _is_screen(app, rule)}


def _is_screen(app: Flask, rule: Rule) -> bool:
    view = app.view_functions[rule.endpoint]
    return "GET" in (rule.methods or ()) and hasattr(view, "signed_in") and not rule.rule.endswith(".csv")


def _address(rule: Rule, values: Mapping[str, str]) -> str:
    missing = rule.arguments - values.keys()
    if missing:
        raise BenchmarkFailed(f"{rule.rule}: VALUES has no {', '.join(missing)}")
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], rule.rule)


def _look(client: FlaskClient, paths: Mapping[str, str]) -> list[Screen]:
    """Look at every screen in turn, so that none has the machine's bad moment to itself."""
    millis: dict[str, list[float]] = {name: [] for name in paths}
    sizes: dict[str, tuple[float, float]] = {}
    for number in range(WARM_UP + LOOKS):
        for name, path in paths.items():
            began = time.perf_counter()
            answer = client.get(path, headers=BROWSER)
            if number >= WARM_UP:
                millis[name].append((time.perf_counter() - began) * 1000)
            if answer.status_code >= 400:
                raise BenchmarkFailed(f"{path}: {answer.status}")
            if number == 0:
                sizes[name] = _weigh(client, answer.get_data(), path)
    return [Screen(name, times, *sizes[name]) for name, times in millis.items()]


def _weigh(client: FlaskClient, page: bytes, path: str) -> tuple[float, float]:
    """Return the compressed kB of a page by itself, and with all that it names."""
    plain = client.get(path).text
    assets = sorted(set(ASSET.findall(plain)))
    linked = sum(len(client.get(asset, headers=BROWSER).get_data()) for asset in assets)
    return len(page) / 1000, (len(page) + linked) / 1000


def _figures(rounds: Sequence[Sequence[Screen]], count: int) -> list[Figure]:
    empty = next(screens for screens in zip(*rounds, strict=True) if screens[0].name == EMPTY)
    raw = middle([middle(screen.millis) for screen in empty])
    figures = [_figure(screens, raw) for screens in zip(*rounds, strict=True) if screens[0].name != EMPTY]
    screens = [screen for screen in rounds[0] if screen.name != EMPTY]
    first, after = max(screens, key=lambda s: s.first_kb), max(screens, key=lambda s: s.page_kb)
    return [
        *figures,
        Figure(what=f"heaviest first visit: {first.name}", unit="kB", hub=first.first_kb, bar=FIRST_KB),
        Figure(
            what=f"heaviest page after: {after.name}",
            unit="kB",
            hub=after.page_kb,
            bar=AFTER_KB,
            details={"messages": count, "pages": {screen.name: screen.page_kb for screen in screens}},
        ),
    ]


def _figure(screens: Sequence[Screen], raw: float) -> Figure:
    """Return a screen's line. The bar is about its time, not about the ratio."""
    times = [millis for screen in screens for millis in screen.millis]
    p50 = middle([middle(screen.millis) for screen in screens])
    return Figure(
        what=f"screen {screens[0].name}",
        unit="ms, p50",
        hub=p50,
        raw=raw,
        raw_what="empty screen",
        bar=SERVER_MS,
        details={"p95": percentile(times, 0.95), "ratio": p50 / raw, "kb": screens[0].page_kb},
    )
