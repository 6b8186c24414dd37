"""`Idempotency-Key` of a request."""

import re
from uuid import UUID

from flask import Request

from hub.core.idempotency import Key
from hub.core.problems import BadRequest

VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")


def key_of(request: Request, workspace_id: UUID, api_key_id: UUID) -> Key | None:
    """Return the request's key, quoted or bare, or None if it has none."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    bare = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    if not VISIBLE.fullmatch(bare):
        raise BadRequest("Idempotency-Key takes 1 to 255 visible ASCII characters.")
    body = request.path.encode() + b"\0" + request.get_data()
    return Key(workspace_id=workspace_id, api_key_id=api_key_id, kind="header", key=bare, content=body)
