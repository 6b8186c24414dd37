"""A failure of a screen, told to a person: what happened, what to do next, and the request's id to ask about."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, render_template, request
from flask_babel import lazy_gettext as _  # type: ignore[import-untyped] # it has no types

from hub.web.context import request_id
from hub.web.i18n import language, translated

FOR_PROGRAMS = ("/api", "/hooks", "/t", "/health", "/metrics")
AGAIN = _("Go back, load the page anew and try again.")
WORDS = {
    HTTPStatus.BAD_REQUEST: (_("This request cannot be read"), AGAIN),
    HTTPStatus.FORBIDDEN: (
        _("You may not do this"),
        _("Ask an owner or administrator of the workspace for this right."),
    ),
    HTTPStatus.NOT_FOUND: (_("There is nothing here"), _("The address may be wrong, or what was here is gone.")),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        _("There is nothing here"),
        _("The address may be wrong, or what was here is gone."),
    ),
    HTTPStatus.CONFLICT: (_("This is no longer possible"), _("Somebody or something was faster. Load the page anew.")),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (_("This is too large"), _("Send less at once.")),
    HTTPStatus.UNPROCESSABLE_ENTITY: (_("Something in this is wrong"), AGAIN),
    HTTPStatus.TOO_MANY_REQUESTS: (_("Too many attempts"), _("Wait a minute and try again.")),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        _("The hub cannot answer just now"),
        _("Try again in a moment. Nothing that was accepted is lost."),
    ),
}
OURS = (
    _("Something went wrong on our side"),
    _("It was written down. Try again; if it happens again, report the request number below."),
)


def wanted() -> bool:
    """Tell whether this request is a person's; its path decides."""
    return not any(request.path == start or request.path.startswith(f"{start}/") for start in FOR_PROGRAMS)


def page(problem: Mapping[str, Any]) -> Response:
    """Return the page, or for a part of a page only the words."""
    status = HTTPStatus(problem["status"])
    title, advice = WORDS.get(status, OURS)
    expected = problem["type"] != "about:blank" and status < HTTPStatus.INTERNAL_SERVER_ERROR
    words = {"status": int(status), "title": title, "advice": advice, "request_id": request_id}
    words["detail"] = translated(problem["detail"]) if expected and problem["detail"] != "See errors." else ""
    return Response(_render(status, words), int(status), content_type="text/html; charset=utf-8")


def _render(status: HTTPStatus, words: dict[str, Any]) -> str:
    if "HX-Request" in request.headers:
        return render_template("error.html", layout="fragment.html", **words)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return render_template("error.html", layout="either.html", **words)
    bare = current_app.jinja_env.get_template("error.html")  # without asking who it is: what fails may be the database
    return bare.render(layout="public.html", language=language(), theme="auto", **words)
