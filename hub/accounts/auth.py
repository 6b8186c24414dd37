"""Who is asking, and may they: the first lines of every API view."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from flask import Response, current_app, g, request

from hub.accounts.scopes import Scope
from hub.accounts.service import Actor, KeyHolder, KeyRing
from hub.accounts.store import ApiKey
from hub.core.limiter import Allowance
from hub.core.problems import TooManyRequests, Unauthorized
from hub.web.context import runtime

KEY_RING = "key_ring"
BEARER = "bearer"
P = ParamSpec("P")
R = TypeVar("R")


def current_actor() -> Actor:
    """Return who is asking; only inside a view with a scope."""
    return cast("Actor", g.actor)


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
