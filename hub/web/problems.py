"""Every failure: of the API as `application/problem+json` (RFC 9457), of a screen as a page."""

from http import HTTPStatus
from typing import Any

import psycopg
import psycopg_pool
import structlog
from flask import Flask, Response
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from hub.core.problems import Conflict, HubError, NotAvailable, Unauthorized
from hub.web import error_pages
from hub.web.context import request_id
from hub.web.jsons import dumps

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 1

log = structlog.get_logger()


def install(app: Flask) -> None:
    """Turn expected failures, HTTP errors and an unreachable database into problems."""
    app.register_error_handler(HubError, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _wrapped)
    app.register_error_handler(psycopg.Error, _database)
    app.register_error_handler(PoolTimeout, _busy)
    app.register_error_handler(psycopg_pool.PoolTimeout, _busy)
    app.register_error_handler(Exception, _bug)


def document(error: HubError) -> dict[str, Any]:
    """Return the problem as its JSON object."""
    problem: dict[str, Any] = {
        "type": f"urn:trunkline:problem:{error.code}",
        "title": error.title,
        "status": int(error.status),
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id(),
    }
    if error.errors:
        problem["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.errors]
    return problem


def answer(error: HubError) -> Response:
    """Return the problem as a response."""
    response = _response(document(error))
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="Trunkline"'
    return response


def _http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = _response(
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "detail": error.description or status.description,
            "code": status.name.lower(),
            "request_id": request_id(),
        }
    )
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _wrapped(error: DBAPIError) -> Response:
    return _database(error.orig) if isinstance(error.orig, psycopg.Error) else _bug(error)


def _database(error: psycopg.Error) -> Response:
    if isinstance(error, LockNotAvailable | DeadlockDetected | SerializationFailure):
        return answer(Conflict("The same request is being worked on. Ask again.", retry_after_seconds=RETRY_SECONDS))
    if isinstance(error, psycopg.OperationalError):
        log.warning("database.unavailable", sqlstate=error.sqlstate)
        return _busy(error)
    return _bug(error)


def _busy(_error: Exception) -> Response:
    detail = "The database cannot be reached. Ask again with the same Idempotency-Key: what was asked may be done."
    return answer(NotAvailable(detail, retry_after_seconds=RETRY_SECONDS))


def _bug(error: Exception) -> Response:
    log.error("request.failed", error=type(error).__name__, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": "This is a mistake of ours. It was written down under the request id.",
        "code": "internal",
        "request_id": request_id(),
    }
    return _response(body)


def _response(body: dict[str, Any]) -> Response:
    if error_pages.wanted():
        return error_pages.page(body)
    return Response(dumps(body), body["status"], content_type=CONTENT_TYPE)
