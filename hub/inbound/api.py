"""Where providers call back. No API key: each call is signed by its provider."""

from flask import Blueprint, request

from channels import registry
from channels.types import WebhookRequest
from hub.core import ids
from hub.core.problems import NotFound, TooLarge
from hub.inbound import service
from hub.routing.directory import directory
from hub.web.context import runtime

blp = Blueprint("hooks", __name__, url_prefix="/hooks")
MAX_BYTES = 1_000_000


@blp.post("/<account>/<kind>")
def receive(account: str, kind: str) -> tuple[str, int]:
    """Verify, store, answer 204. What it means is read by a job."""
    hub = runtime()
    try:
        known = directory().find(ids.read("acc", account))
    except ids.BadId:
        known = None
    if known is None or kind not in registry.adapter(known.provider).capabilities.callback_kinds:
        raise NotFound("No such call-back.")
    body = _body()
    query = request.query_string.decode("latin-1")
    webhook = WebhookRequest(
        kind=kind,
        url=f"{hub.settings.public_url}/hooks/{account}/{kind}" + (f"?{query}" if query else ""),
        headers=dict(request.headers),
        body=body,
    )
    service.keep(hub, directory(), known, webhook)
    return "", 204


def _body() -> bytes:
    """Read no more than is allowed, whether the length was announced or not."""
    body = b"" if (request.content_length or 0) > MAX_BYTES else request.stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES or (request.content_length or 0) > MAX_BYTES:
        raise TooLarge(f"At most {MAX_BYTES} bytes.")
    return body
