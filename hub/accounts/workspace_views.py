"""The screens of the audit log and of the workspace's settings."""

import functools
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

import phonenumbers
import pytz  # type: ignore[import-untyped] # it has no types; Flask-Babel brings it
from babel import Locale
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.wrappers import Response as AnyResponse

from hub.accounts import audit_log, people, service, store, words
from hub.accounts.auth import current_actor, signed_in
from hub.accounts.schemas import ChangeWorkspaceSchema
from hub.accounts.scopes import Scope
from hub.accounts.screens import blp
from hub.accounts.service import Actor, NameTaken
from hub.core import audit, clock, pagination
from hub.core.audit import Act, Filter
from hub.core.problems import Fault, Unprocessable
from hub.web import csv_files, forms
from hub.web.context import runtime
from hub.web.forms import Form
from hub.web.i18n import LANGUAGES
from hub.web.schemas import is_storable

ROWS = 50
FILTERS = ("actor", "action", "object", "from", "to", "looks")
MOST_COLLEAGUES = 200
PARTS_OF_THE_WORLD = frozenset(
    ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"]
)


@blp.get("/w/<slug>/audit", endpoint="audit")
@signed_in(Scope.AUDIT_READ)
def log() -> str | tuple[str, int]:
    """Show who did what, newest first; the filters are in the address."""
    hub, actor, form = runtime(), current_actor(), Form(dict(request.args))
    wanted, status = Filter(), HTTPStatus.OK
    try:
        wanted = _wanted(request.args, actor)
    except Unprocessable as problem:
        form, status = Form(dict(request.args), forms.errors_of(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    with hub.db.across_workspaces() as transaction:
        found = audit.page(transaction, hub.vault, actor.workspace_id, wanted, ROWS + 1)
        colleagues = people.page(transaction, hub, actor, None, MOST_COLLEAGUES)
        shown = [audit_log.show(entry, in_full=actor.may(Scope.PERSONAL_DATA_READ)) for entry in found[:ROWS]]
        entries = [entry | {"changes": audit_log.changes(entry)} for entry in shown]
        names = audit_log.names(transaction, hub, actor, audit_log.ids_in(entries) | {wanted.actor or ""})
    names |= {person.typed_id: person.user.name for person in colleagues} | words.ACTORS
    page = render_template(
        "accounts/audit.html",
        entries=entries,
        next=pagination.cursor(str(found[ROWS - 1].id)) if len(found) > ROWS else None,
        form=form,
        filtered=any(request.args.get(name) for name in FILTERS),
        colleagues=[(person.typed_id, person.user.name) for person in colleagues],
        names=names,
        words=words,
    )
    return page, status


@blp.get("/w/<slug>/audit.csv")
@signed_in(Scope.AUDIT_READ)
def audit_csv() -> Response:
    """Send the filtered log as a file; that is written down too."""
    hub, actor = runtime(), current_actor()
    actor.demand(Scope.EXPORTS_WRITE)
    wanted = _wanted(request.args, actor)
    filters = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    with hub.db.transaction(actor.workspace_id) as transaction:
        act = Act(
            workspace_id=actor.workspace_id, actor=actor.name, action="audit.exported", subject="audit", after=filters
        )
        audit.record(transaction, hub.vault, act)
    return csv_files.answer("audit.csv", audit_log.CSV_HEAD, audit_log.rows(hub, actor, wanted))


@blp.get("/w/<slug>/settings")
@signed_in(Scope.SETTINGS_WRITE)
def settings() -> str:
    """Show the workspace's settings."""
    actor = current_actor()
    with runtime().db.transaction(actor.workspace_id) as transaction:
        return _settings(Form.filled(service.show(store.workspace(transaction, actor.workspace_id))))


@blp.post("/w/<slug>/settings")
@signed_in(Scope.SETTINGS_WRITE)
def change_settings() -> AnyResponse | tuple[str, int]:
    """Change the workspace's settings."""
    hub, actor = runtime(), current_actor()
    try:
        given = forms.load(ChangeWorkspaceSchema())
        with hub.db.across_workspaces() as transaction:
            service.change_workspace(transaction, hub.vault, actor, given)
    except NameTaken as taken:
        problem = Unprocessable("See errors.", errors=[Fault("/name", taken.detail)])
        return _settings(Form.refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    except Unprocessable as problem:
        return _settings(Form.refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("The settings are saved."))
    return redirect(url_for("accounts_screens.settings"), HTTPStatus.SEE_OTHER)


def _settings(form: Form) -> str:
    territories = Locale.parse(str(get_locale() or "en")).territories
    regions = [(code, territories.get(code, code)) for code in phonenumbers.SUPPORTED_REGIONS]
    return render_template(
        "accounts/settings.html",
        form=form,
        regions=sorted(regions, key=lambda pair: pair[1]),
        time_zones=_time_zones(str(form.value("time_zone"))),
        languages=LANGUAGES,
    )


def _time_zones(present: str) -> list[tuple[str, str]]:
    """Return the zones named after places, each with its present distance from UTC; and the one that is chosen."""
    places = {name for name in pytz.common_timezones if name == "UTC" or name.partition("/")[0] in PARTS_OF_THE_WORLD}
    known = service.time_zones()
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    return [(name, _with_distance(name, hour)) for name in sorted((places | {present}) & known)]


@functools.lru_cache(maxsize=1024)
def _with_distance(zone: str, hour: datetime) -> str:
    """Return a zone's name with its distance from UTC: reading four hundred of them from the disk is slow."""
    offset = f"{hour.astimezone(ZoneInfo(zone)):%z}"
    return f"{zone} (UTC{offset[:3]}:{offset[3:]})"


def _wanted(query: Mapping[str, str], actor: Actor) -> Filter:
    """Read the filters; days are those of the workspace's time zone."""
    text = {name: query.get(name, "").strip() for name in ("actor", "action", "object")}
    faults = [Fault(f"/{name}", "There is no such choice.") for name, value in text.items() if not is_storable(value)]
    if faults:
        raise Unprocessable("See errors.", errors=faults)
    return Filter(
        actor=text["actor"] or None,
        action=text["action"] or None,
        subject=text["object"] or None,
        since=_day(query, "from", actor),
        until=_day(query, "to", actor, timedelta(days=1)),
        without_views=not query.get("looks") and not text["action"].endswith(audit.VIEWS),
        before=pagination.read_id(query["after"]) if query.get("after") else None,
    )


def _day(query: Mapping[str, str], name: str, actor: Actor, later: timedelta = timedelta()) -> datetime | None:
    if not query.get(name):
        return None
    try:
        found = date.fromisoformat(query[name]) + later
    except (ValueError, OverflowError) as error:
        raise Unprocessable("See errors.", errors=[Fault(f"/{name}", "Not a day.")]) from error
    return datetime(found.year, found.month, found.day, tzinfo=ZoneInfo(actor.workspace.time_zone))
