"""The Flask application: everything is put together here and nowhere else."""

import time
from typing import Any, cast

from flask import Flask, Response, g, request
from flask_smorest import Api  # type: ignore[import-untyped] # it has no types
from werkzeug.middleware.proxy_fix import ProxyFix

from hub.accounts import key_views, link_views, people_views, profile_views, sign_in, sign_in_views, workspace_views
from hub.accounts.api import blp as accounts
from hub.accounts.auth import KEY_RING, add_rate_headers, signed_in
from hub.accounts.service import KeyRing
from hub.core import audit, metrics, runtime
from hub.core.settings import Settings
from hub.inbound.api import blp as hooks
from hub.messages import account_test_views, account_tests, troubles, writing_views
from hub.messages import views as message_views
from hub.messages.api import blp as messages
from hub.operations.metrics_page import blp as metrics_page
from hub.reports import accounts as account_states
from hub.reports import views as home_views
from hub.reports.api import blp as reports
from hub.routing import directory, spend, watch
from hub.routing.api import blp as provider_accounts
from hub.web import openapi, problems, shell
from hub.web.context import EXTENSION, request_id
from hub.web.docs import blp as docs
from hub.web.health import blp as health
from hub.web.jsons import Orjson

MAX_REQUEST_BYTES = 10 * 1024 * 1024
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"})
"""Others are counted as one: a label must not be made by whoever asks."""
STYLEGUIDE = "styleguide.page"
"""The web package, which shows it, knows nobody; so it is closed to visitors here."""
VERSION = "0.1.0"
DESCRIPTION = "Reach a person by SMS, email, Telegram or voice, and know what became of it."
SCREENS = (
    sign_in_views,
    profile_views,
    key_views,
    link_views,
    people_views,
    workspace_views,
    home_views,
    message_views,
    writing_views,
    account_test_views,
)
"""Modules of screens; those of one feature may share a blueprint."""


def create_app(settings: Settings) -> Flask:
    """Build the application. Nothing is connected before the first request."""
    app = Flask(__name__, static_folder=None)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0)  # type: ignore[method-assign]
    app.json = Orjson(app)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        API_TITLE="Trunkline",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION},
            "security": [{"key": []}],
            "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        },
    )
    hub = runtime.build(settings)
    app.extensions[EXTENSION] = hub
    app.extensions[KEY_RING] = KeyRing(hub.db, spend.is_key_full)
    app.extensions[directory.EXTENSION] = directory.Directory(hub)
    app.extensions[watch.EXTENSION] = watch.Watch(troubles.last_errors, account_states.states)
    app.extensions["spend_of_month"] = spend.of_month

    api = Api(app)
    problems.install(app)  # after flask-smorest, whose own handlers would answer in another shape
    for blueprint in (messages, provider_accounts, accounts, account_tests.blp, reports):
        api.register_blueprint(blueprint)
    for plain in (hooks, health, docs, metrics_page):
        app.register_blueprint(plain)
    openapi.complete(api)

    app.before_request(_start)
    sign_in.install(app, hub)
    shell.install(app)
    for screens in {module.blp for module in SCREENS}:
        app.register_blueprint(screens)
    app.view_functions[STYLEGUIDE] = cast("Any", signed_in()(app.view_functions[STYLEGUIDE]))
    app.after_request(add_rate_headers)
    app.after_request(_finish)
    return app


def _start() -> None:
    g.started_at = time.perf_counter()
    audit.REQUEST_ID.set(request_id())
    audit.ADDRESS.set(request.remote_addr)


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    route = request.url_rule.rule if request.url_rule else "none"
    seconds = time.perf_counter() - g.started_at
    method = request.method if request.method in METHODS else "other"
    metrics.REQUESTS.labels(method=method, route=route, status=str(response.status_code)).observe(seconds)
    return response
