"""A small application of a few screens in the shell, for tests of the shell alone: no database, no sign-in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    g,
    jsonify,
    redirect,
    render_template,
    request,
)
from jinja2 import DictLoader
from marshmallow import fields, validate
from werkzeug.wrappers import Response as AnyResponse

from hub.core import runtime
from hub.core.problems import Conflict, Fault, NotAvailable, Unprocessable
from hub.core.settings import Settings
from hub.web import forms, problems, shell
from hub.web.context import EXTENSION
from hub.web.forms import Form
from hub.web.schemas import Flag, StrictSchema, Whole, Words

HOME = """{% extends "layout.html" %}{% block title %}Home{% endblock %}
{% block content %}{% include "counting.html" %}{% endblock %}"""
COUNTING = """{% from "macros/page.html" import live %}
{% call live("counting", here(), every=every) %}<output id="count">{{ count }}</output>
<input id="note" aria-label="Note">{% endcall %}"""
FORM = """{% extends "layout.html" %}
{% from "macros/forms.html" import checkbox, error_summary, field, select %}
{% block title %}Add{% endblock %}{% block content %}<form method="post">{{ csrf() }}
{{ error_summary(form, {"to/phone": "Phone", "secret": "Secret", "name": "Name"}) }}
{{ field(form, "to/phone", "Phone") }}{{ field(form, "name", "Name") }}
{{ field(form, "secret", "Secret", type="password") }}
{{ select(form, "kind", "Kind", [("a", "First"), ("b", "Second")]) }}
{{ checkbox(form, "test", "Test", default=true) }}<button>Save</button></form>{% endblock %}"""


TIMES = "{{ at|moment }}; {{ 1234567|number }}; {{ 7900|money('EUR') }}"
TEMPLATES = {"home.html": HOME, "counting.html": COUNTING, "form.html": FORM, "times.html": TIMES}


@dataclass
class Workspace:
    """What the layout shows of a workspace."""

    name: str = "North Star <Dental>"
    slug: str = "north"
    time_zone: str = "Asia/Vladivostok"


@dataclass
class Actor:
    """Who is asking, with the rights that the test gives."""

    scopes: frozenset[str]
    workspace: Workspace = field(default_factory=Workspace)

    def may(self, scope: str) -> bool:
        return scope in self.scopes


@dataclass
class Person:
    """What the layout shows of a person."""

    name: str = "Anna"
    email: str = "anna@example.com"


class ToSchema(StrictSchema):
    """A part of the form."""

    phone = Words(required=True, validate=validate.Length(3, 20))


class AddSchema(StrictSchema):
    """What the form reads."""

    to = fields.Nested(ToSchema, required=True)
    name = Words(required=True)
    secret = Words()
    kind = fields.String(validate=validate.OneOf(["a", "b"]))
    test = Flag()
    limit = Whole()
    scopes = fields.List(fields.String())
    credentials = fields.Dict(keys=Words(), values=Words())


screens = Blueprint("reports_screens", __name__)
others = Blueprint("messages_screens", __name__)
counted = {"polls": 0, "attention": 0}


@screens.get("/w/<slug>/")
def home(slug: str) -> str | AnyResponse:
    """Count how often it is asked for; `last` ends the updates."""
    if "HX-Request" not in request.headers:
        return render_template("home.html", count=counted["polls"], every=1)
    counted["polls"] += 1
    if request.args.get("signed_out"):
        return redirect("/w/north/messages")
    if request.args.get("broken"):
        abort(int(request.args["broken"]))
    return render_template("counting.html", count=counted["polls"], every=None if request.args.get("last") else 1)


@screens.get("/w/<slug>/attention")
def attention(slug: str) -> Response:
    """Tell what needs a person."""
    return jsonify(count=counted["attention"], text="One account refuses")


def refuse(_command: object) -> None:
    """Find a mistake as a service does."""
    raise Unprocessable("See errors.", errors=[Fault("/to/phone", "This is not a phone number.")])


@others.route("/w/<slug>/messages", methods=["GET", "POST"])
def index(slug: str) -> str | tuple[str, int]:
    """Show a form, or refuse it."""
    form = Form()
    if request.method == "POST":
        try:
            refuse(forms.load(AddSchema()))
        except Unprocessable as problem:
            return render_template("form.html", form=Form.refused(problem)), 422
    flash("Saved <b>")
    return render_template("form.html", form=form)


@screens.get("/w/<slug>/times")
def times(slug: str) -> str:
    """Show a time and numbers."""
    at = datetime(2026, 1, 31, 20, tzinfo=UTC)
    return render_template("times.html", at=at)


FAILURES = {
    "conflict": Conflict("The same request is being worked on. Ask again."),
    "down": NotAvailable("Secret host db-1"),
}


@screens.get("/fail/<what>")
def fail(what: str) -> str:
    """Fail as asked."""
    if what.isdigit():
        abort(int(what))
    raise FAILURES.get(what) or ZeroDivisionError(what)


def small_app(folder: Path, public_url: str = "http://127.0.0.1:8000", scopes: frozenset[str] | None = None) -> Flask:
    """Build it. Nobody is signed in when `scopes` is None."""
    app = Flask("small", static_folder=None)
    app.secret_key = "small"
    environment = {"DATA_DIR": str(folder), "PUBLIC_URL": public_url, "HUB_INDEX_KEYS": "i" * 40}
    environment["HUB_SECRET_KEYS"] = Fernet.generate_key().decode()
    app.extensions[EXTENSION] = runtime.build(Settings.from_environment(environment))
    app.jinja_loader = DictLoader(TEMPLATES)
    problems.install(app)
    shell.install(app)
    app.register_blueprint(screens)
    app.register_blueprint(others)
    if scopes is not None:
        _enter(app, Actor(scopes))
    return app


def _enter(app: Flask, actor: Actor) -> None:
    """Be in a workspace, as accounts arrange it."""

    @app.before_request
    def sign_in() -> None:
        g.actor = actor

    @app.url_defaults
    def fill(endpoint: str, values: dict[str, object]) -> None:
        if app.url_map.is_endpoint_expecting(endpoint, "slug"):
            values.setdefault("slug", "north")

    app.context_processor(lambda: {"actor": actor, "person": Person(), "workspaces": [actor.workspace]})
