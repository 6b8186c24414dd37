"""The screens of API keys."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import marshmallow
from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from hub.accounts import keys, users, words
from hub.accounts.auth import current_actor, forget_keys, signed_in
from hub.accounts.keys import REQUESTS_PER_MINUTE, CreateKey
from hub.accounts.schemas import ChangeKeySchema, CreateKeySchema
from hub.accounts.scopes import KEY_SCOPES, Scope
from hub.accounts.screens import blp
from hub.accounts.service import Actor
from hub.accounts.store import ApiKey
from hub.core import clock, ids, pagination
from hub.core.problems import Fault, Unprocessable
from hub.web import currencies, forms
from hub.web.context import runtime
from hub.web.forms import Form

ROWS = 50
JUST_MADE = "just_made"
"""Where the secret waits for the page that shows it once."""


@blp.get("/w/<slug>/api-keys", endpoint="keys")
@signed_in(Scope.API_KEYS_READ)
def index() -> str:
    """List the keys, newest first."""
    hub, actor = runtime(), current_actor()
    before = pagination.read_id(request.args["after"]) if request.args.get("after") else None
    with hub.db.across_workspaces() as transaction:
        found = keys.page(transaction, actor, before, ROWS + 1)
        owners = users.many(transaction, hub.vault, {key.owner_id for key in found if key.owner_id})
        months = _month(transaction, actor)
    more = pagination.cursor(str(found[ROWS - 1].id)) if len(found) > ROWS else None
    page = [_shown(key, owners, months) for key in found[:ROWS]]
    return render_template("accounts/keys.html", keys=page, next=more, words=words)


@blp.get("/w/<slug>/api-keys/new")
@signed_in(Scope.API_KEYS_WRITE)
def key_new() -> str:
    """Ask what a new key may do."""
    return _new(Form())


@blp.post("/w/<slug>/api-keys/new")
@signed_in(Scope.API_KEYS_WRITE)
def make_key() -> Response | tuple[str, int]:
    """Make a key and lead to the page that shows its secret this once."""
    hub, actor = runtime(), current_actor()
    try:
        command = CreateKey(**_read(CreateKeySchema(), actor))
        with hub.db.across_workspaces() as transaction:
            key, secret = keys.create(transaction, hub.vault, actor, command)
    except Unprocessable as problem:
        return _new(Form.refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    session[JUST_MADE] = [key.id.hex, secret]
    return _to(key.id)


@blp.get("/w/<slug>/api-keys/<key_id>")
@signed_in(Scope.API_KEYS_READ)
def key(key_id: str) -> str:
    """Show a key; right after it was made, with its secret."""
    key = _find(key_id)
    kept_id, secret = session.get(JUST_MADE, ("", ""))
    if kept_id == key.id.hex:
        session.pop(JUST_MADE)
        public_url = runtime().settings.public_url
        return render_template("accounts/key_made.html", key=keys.show(key), secret=secret, public_url=public_url)
    return _one(key, Form.filled(_filled(key)))


@blp.post("/w/<slug>/api-keys/<key_id>")
@signed_in(Scope.API_KEYS_WRITE)
def change_key(key_id: str) -> Response | tuple[str, int]:
    """Change what a key is called and may do."""
    hub, actor, before = runtime(), current_actor(), _find(key_id)
    nothing = {"expires_at": None, "ceiling_micros": None, "ceiling_currency": None}
    try:
        given = nothing | _read(ChangeKeySchema(), actor)
        if request.form.get("expires_at") == _filled(before)["expires_at"]:
            given["expires_at"] = before.expires_at
        with hub.db.across_workspaces() as transaction:
            keys.change(transaction, hub.vault, actor, before.id, given)
    except Unprocessable as problem:
        return _one(before, Form.refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    forget_keys(before.id)
    flash(gettext("The key is saved."))
    return _to(before.id)


@blp.post("/w/<slug>/api-keys/<key_id>/revoke")
@signed_in(Scope.API_KEYS_WRITE)
def revoke_key(key_id: str) -> Response:
    """End a key for good."""
    hub, actor = runtime(), current_actor()
    with hub.db.across_workspaces() as transaction:
        ended = keys.revoke(transaction, hub.vault, actor, keys.read_id(key_id))
    forget_keys(ended.id)
    flash(gettext("The key %(name)s is revoked.", name=ended.name))
    return redirect(url_for("accounts_screens.keys"), HTTPStatus.SEE_OTHER)


def _find(key_id: str) -> ApiKey:
    actor = current_actor()
    with runtime().db.transaction(actor.workspace_id) as transaction:
        return keys.find(transaction, actor, keys.read_id(key_id))


def _one(key: ApiKey, form: Form) -> str:
    hub, actor = runtime(), current_actor()
    with hub.db.across_workspaces() as transaction:
        owners = users.many(transaction, hub.vault, [key.owner_id] if key.owner_id else [])
        shown = _shown(key, owners, _month(transaction, actor))
    allowed, offered = actor.scopes | set(key.scopes), currencies.choices(key.ceiling_currency)
    return render_template("accounts/key.html", key=shown, form=form, words=words, allowed=allowed, currencies=offered)


def _new(form: Form) -> str:
    defaults = {"scopes": KEY_SCOPES, "requests_per_minute": REQUESTS_PER_MINUTE}
    allowed, offered = current_actor().scopes, currencies.choices(None)
    return render_template(
        "accounts/key_new.html", form=form, words=words, allowed=allowed, defaults=defaults, currencies=offered
    )


def _shown(key: ApiKey, owners: Mapping[UUID, Any], months: Mapping[UUID, Any]) -> dict[str, Any]:
    """Return a key as the API writes it, with its owner's name, its state and what it spent."""
    owner = owners.get(key.owner_id) if key.owner_id else None
    expired = key.expires_at is not None and key.expires_at <= clock.now()
    state = "revoked" if key.revoked_at else "expired" if expired else "works"
    return keys.show(key) | {"owner_name": owner.name if owner else None, "state": state, "meter": months.get(key.id)}


def _month(transaction: Any, actor: Actor) -> Mapping[UUID, Any]:  # noqa: ANN401 - routing's, which is above
    """Return what each key spent this month. What messages cost is known above this layer."""
    found: Mapping[UUID, Any] = current_app.extensions["spend_of_month"](
        transaction, actor.workspace_id, clock.now()
    ).keys
    return found


def _read(schema: marshmallow.Schema, actor: Actor) -> dict[str, Any]:
    """Read the form. Boxes that are not ticked mean none; a day is its end where the workspace is."""
    form = MultiDict(request.form)
    if form.get("expires_at"):
        form["expires_at"] = _end_of(form["expires_at"], actor.workspace.time_zone)
    if not form.get("monthly_ceiling/amount"):
        form.pop("monthly_ceiling/currency", None)
    given: dict[str, Any] = {"scopes": [], "purposes": []} | forms.load(schema, form)
    if not given["scopes"]:
        raise Unprocessable("See errors.", errors=[Fault("/scopes", "Choose at least one.")])
    return given


def _end_of(text: str, zone: str) -> str:
    try:
        following = date.fromisoformat(text) + timedelta(days=1)
        return datetime.combine(following, time(), ZoneInfo(zone)).isoformat()
    except (ValueError, OverflowError):
        return text


def _filled(key: ApiKey) -> dict[str, Any]:
    """Return what the form shows of a key; its expiry as the last day on which it works."""
    zone = ZoneInfo(current_actor().workspace.time_zone)
    last = (key.expires_at - timedelta(microseconds=1)).astimezone(zone) if key.expires_at else None
    return keys.show(key) | {"expires_at": last.date().isoformat() if last else ""}


def _to(key_id: UUID) -> Response:
    return redirect(url_for("accounts_screens.key", key_id=ids.show("key", key_id)), HTTPStatus.SEE_OTHER)
