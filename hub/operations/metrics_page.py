"""`GET /metrics` in the text format of Prometheus, for the hub's operator."""

import os

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from hub.accounts.auth import require_scope
from hub.accounts.scopes import Scope

blp = Blueprint("metrics", __name__)
SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


@blp.get("/metrics")
@require_scope(Scope.METRICS_READ)
def metrics() -> Response:
    """Return the counters of every process of this machine."""
    registry = REGISTRY
    if SHARED_DIRECTORY in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
