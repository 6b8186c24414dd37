"""What surrounds every screen: layout, languages, themes, static files, headers."""

from collections.abc import Callable
from http import HTTPStatus
from typing import cast
from urllib.parse import urlencode

from blinker import Namespace
from flask import Blueprint, Flask, Response, current_app, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from hub.core.clock import now
from hub.core.problems import Fault, Unprocessable
from hub.web import charts, formats, headers, i18n, navigation, static, styleguide
from hub.web.context import request_id, runtime
from hub.web.forms import Form

THEMES = ("auto", "light", "dark")
CHOICES = {"language": tuple(i18n.LANGUAGES), "theme": THEMES}
YEAR_SECONDS = 365 * 24 * 3600

preference_changed = Namespace().signal("preference-changed")
"""Sent with `name` and `value`, so that accounts may keep them with the person."""

blp = Blueprint("shell", __name__, template_folder="templates")


def install(app: Flask) -> None:
    """Prepare the application for screens; features bring the screens themselves."""
    i18n.install(app)
    formats.install(app)
    static.install(app)
    charts.install(app)
    headers.install(app)
    app.register_blueprint(blp)
    app.register_blueprint(styleguide.blp)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        Form=Form,
        csrf=csrf,
        here=here,
        query=query,
        now=now,
        navigation=navigation.entries,
        request_id=request_id,
        exists=exists,
    )
    for name, default in {"person": None, "actor": None, "workspaces": (), "csrf_token": str}.items():
        app.jinja_env.globals.setdefault(name, default)
    app.context_processor(lambda: {"language": i18n.language(), "theme": theme()})


@blp.post("/preferences")
def preferences() -> AnyResponse:
    """Keep a choice of language or theme for a year and return to the page."""
    response = redirect(local_path(request.form.get("next", "")), HTTPStatus.SEE_OTHER)
    for name, choices in CHOICES.items():
        value = request.form.get(name)
        if value is None:
            continue
        if value not in choices:
            raise Unprocessable("See errors.", errors=[Fault(f"/{name}", "There is no such choice.")])
        keep(response, name, value)
        preference_changed.send(current_app._get_current_object(), name=name, value=value)  # type: ignore[attr-defined] # noqa: SLF001 - werkzeug's documented way
    return response


def keep(response: Response | AnyResponse, name: str, value: str) -> None:
    """Let the browser remember a preference."""
    secure = runtime().settings.public_url.startswith("https:")
    response.set_cookie(name, value, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=secure)


def theme() -> str:
    """Return the chosen theme; `auto` follows the person's system."""
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in THEMES else "auto"


def local_path(target: str) -> str:
    """Return a path of this site, or `/` for whatever leads elsewhere."""
    elsewhere = not target.startswith("/") or target.startswith("//") or "\\" in target or not target.isprintable()
    return "/" if elsewhere else target


def query(**changes: object) -> str:
    """Return the query of this page, with its `?`, with some of it changed; None takes a parameter away."""
    kept = {name: values for name, values in request.args.lists() if name not in changes}
    kept |= {name: [str(value)] for name, value in changes.items() if value is not None}
    return f"?{urlencode(kept, doseq=True)}" if kept else ""


def here(**changes: object) -> str:
    """Return the address of this page with some of its query changed."""
    return request.path + query(**changes)


def csrf() -> Markup:
    """Return the field that proves that a form is ours."""
    token = cast("Callable[[], str]", current_app.jinja_env.globals["csrf_token"])
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(token())


def exists(endpoint: str) -> bool:
    """Tell whether there is such a screen."""
    return endpoint in current_app.view_functions
