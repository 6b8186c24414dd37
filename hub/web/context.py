"""What a request can reach: the runtime the application was built with, and the request's own id."""

from typing import cast

from flask import current_app, g, request

from hub.core import ids
from hub.core.runtime import Runtime

EXTENSION = "hub"
MAX_REQUEST_ID = 100


def runtime() -> Runtime:
    """Return the runtime of the application that serves this request."""
    return cast("Runtime", current_app.extensions[EXTENSION])


def request_id() -> str:
    """Return the caller's `X-Request-Id` if it is a plain word, else one of ours. The same all through a request."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-Id", "")
        plain = given.isascii() and given.replace("-", "").replace("_", "").isalnum() and len(given) <= MAX_REQUEST_ID
        g.request_id = given if plain else ids.show("req", ids.new())
    return cast("str", g.request_id)
