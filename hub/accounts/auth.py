"""Who is asking, and may they: the first lines of every API view and of every screen."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask_security import current_user

from hub.accounts import users
from hub.accounts.roles import SCOPES_OF, Role
from hub.accounts.scopes import Purpose, Scope
from hub.accounts.service import Actor, ActorKind, KeyHolder, KeyRing
from hub.accounts.store import ApiKey, Workspace
from hub.accounts.users_store import User
from hub.core.limiter import Allowance
from hub.core.problems import NotFound, TooManyRequests, Unauthorized
from hub.web.context import runtime

KEY_RING = "key_ring"
BEARER = "bearer"
LAST_WORKSPACE = "last_workspace"
P = ParamSpec("P")
R = TypeVar("R")


def current_actor() -> Actor:
    """Return who is asking; only inside a view with a scope."""
    return cast("Actor", g.actor)


def current_person() -> User:
    """Return who is signed in; only inside a screen that asks for it."""
    return cast("User", g.person)


def require_scope(scope: Scope) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse a request without a valid key (401), over its rate (429) or without the scope (403)."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            holder = _authenticate()
            _count(holder.key)
            g.actor = holder.actor
            holder.actor.demand(scope)
            return view(*args, **kwargs)

        guarded.scope = scope  # type: ignore[attr-defined] # read by the architecture tests
        return guarded

    return decorate


def signed_in(scope: Scope | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Ask visitors to sign in; below `/w/<slug>/` refuse who is not in the workspace (404) or may not do this (403).

    Without a scope anybody signed in may. The slug is not passed on: `current_actor()` knows the workspace.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_user.is_authenticated:
                _send_to_sign_in()
            _enter(current_user.user, g.get("slug"))
            if scope:
                current_actor().demand(scope)
            return view(*args, **kwargs)

        guarded.scope = scope  # type: ignore[attr-defined] # both are read by the architecture tests
        guarded.signed_in = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def install(app: Flask) -> None:
    """Let addresses inside a workspace do without its slug, and templates know who looks."""
    app.url_value_preprocessor(_take_slug)
    app.url_defaults(_give_slug)
    app.context_processor(
        lambda: {"person": g.get("person"), "actor": g.get("actor"), "workspaces": g.get("workspaces", ())}
    )


def actor_of_user(user: User, workspace: Workspace, role: Role) -> Actor:
    """Return whom a person is in one workspace."""
    return Actor(
        kind=ActorKind.USER,
        id=user.id,
        workspace=workspace,
        scopes=frozenset(SCOPES_OF[role]),
        purposes=frozenset(Purpose),
        test=False,
    )


def forget_keys(*key_ids: UUID) -> None:
    """Let this process ask for changed keys anew at once; the others do within `service.CACHE_SECONDS`."""
    ring: KeyRing = current_app.extensions[KEY_RING]
    ring.forget(*key_ids)


def add_rate_headers(response: Response) -> Response:
    """Tell the caller what is left (draft-ietf-httpapi-ratelimit-headers-10)."""
    allowance: Allowance | None = g.get("allowance")
    if allowance:
        response.headers["RateLimit-Policy"] = f'"key";q={allowance.limit};w=60'
        response.headers["RateLimit"] = f'"key";r={allowance.remaining};t={allowance.reset_seconds}'
    return response


def _authenticate() -> KeyHolder:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != BEARER:
        raise Unauthorized("Send Authorization: Bearer <API key>.")
    ring: KeyRing = current_app.extensions[KEY_RING]
    return ring.recognise(secret.strip())


def _count(key: ApiKey) -> None:
    allowance = runtime().limiter.hit(str(key.id), key.requests_per_minute)
    g.allowance = allowance
    if allowance and not allowance.allowed:
        detail = f"This key may make {allowance.limit} requests a minute."
        raise TooManyRequests(detail, retry_after_seconds=allowance.retry_after_seconds)


def _send_to_sign_in() -> NoReturn:
    """Let the person come back to the page they look at; a form that was sent is not sent again."""
    if "HX-Request" in request.headers:
        where = url_for("accounts_screens.sign_in", next=_page_of_part())
        abort(Response(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": where}))
    there = _relative(request.path, request.query_string.decode(errors="replace")) if request.method == "GET" else None
    abort(redirect(url_for("accounts_screens.sign_in", next=there), HTTPStatus.SEE_OTHER))


def _page_of_part() -> str | None:
    """Return the page that asks for a part of itself, if its address can be read."""
    try:
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return None
    return _relative(page.path, page.query)


def _relative(path: str, query: str) -> str | None:
    return (f"{path}?{query}" if query else path) if path.strip("/") else None


def _enter(user: User, slug: str | None) -> None:
    """Let the person into the workspace; on a page outside of all, the last that they used surrounds it."""
    with runtime().db.across_workspaces() as transaction:
        places = users.memberships(transaction, user.id)
    g.person = user
    g.workspaces = [workspace for workspace, _ in places]
    place = next((place for place in places if place[0].slug == (slug or session.get(LAST_WORKSPACE))), None)
    if slug is None:
        place = place or next(iter(places), None)
    elif not places:
        raise NotFound("You are in no workspace any more. Ask an owner or administrator to invite you.")
    elif place is None:
        raise NotFound("There is no such workspace, or you are not in it.")
    elif session.get(LAST_WORKSPACE) != slug and "HX-Request" not in request.headers:
        session[LAST_WORKSPACE] = slug
    if place:
        g.slug, g.actor = place[0].slug, actor_of_user(user, *place)


def _take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "slug" in values:
        g.slug = values.pop("slug")


def _give_slug(endpoint: str, values: dict[str, Any]) -> None:
    if "slug" in g and "slug" not in values and current_app.url_map.is_endpoint_expecting(endpoint, "slug"):
        values["slug"] = g.slug
