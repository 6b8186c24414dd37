"""JSON in and out, through orjson."""

from typing import Any

import orjson
from flask import Request
from flask.json.provider import JSONProvider
from werkzeug.exceptions import UnsupportedMediaType

from hub.core.problems import BadRequest


class Orjson(JSONProvider):
    """Flask's JSON, faster."""

    def dumps(self, obj: Any, **_options: Any) -> str:  # noqa: ANN401 - Flask's signature
        """Write JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:  # noqa: ANN401 - Flask's signature
        """Read JSON text."""
        return orjson.loads(s)


def dumps(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Write JSON; times in RFC 3339 with `Z`."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def read_body(request: Request) -> Any:  # noqa: ANN401 - any JSON value
    """Return the request's JSON; raise for another content type or for what is not JSON (RFC 8259, strict)."""
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
    try:
        return orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
