"""Whether this process lives, and whether it can serve. No key needed; nothing is told but that."""

import redis
from flask import Blueprint, Response

from hub.core.db import TROUBLE
from hub.core.migrate import is_migrated
from hub.core.queue import connect
from hub.web.context import runtime
from hub.web.jsons import dumps

blp = Blueprint("health", __name__, url_prefix="/health")


@blp.get("/live")
def live() -> Response:
    """Answer 200 while the process runs."""
    return Response(dumps({"status": "live"}), content_type="application/json")


@blp.get("/ready")
def ready() -> Response:
    """Answer 200 if PostgreSQL is reachable and migrated. Redis is only reported: the hub works without it."""
    hub = runtime()
    try:
        with hub.db.across_workspaces() as session:
            migrated = is_migrated(session)
        database = "ready" if migrated else "not migrated"
    except TROUBLE:
        database = "unreachable"
    try:
        connect(hub.settings.redis_url).ping()
        bells = "ready"
    except redis.RedisError:
        bells = "unreachable"
    body = {"status": "ready" if database == "ready" else "not ready", "database": database, "redis": bells}
    return Response(dumps(body), 200 if database == "ready" else 503, content_type="application/json")
