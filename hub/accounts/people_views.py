"""The screens of people: who works here, inviting, roles, leaving."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext  # type: ignore[import-untyped] # it has no types
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hub.accounts import audit_log, keys, leaver, people, words
from hub.accounts.api import read_leave
from hub.accounts.auth import current_actor, forget_keys, signed_in
from hub.accounts.people import Invite, Person
from hub.accounts.roles import SCOPES_OF, Role
from hub.accounts.schemas import ChangePersonSchema, InviteSchema, LeaveSchema
from hub.accounts.scopes import Scope
from hub.accounts.screens import blp
from hub.core import ids, pagination
from hub.core.problems import Unprocessable
from hub.web import forms
from hub.web.context import runtime
from hub.web.forms import Form
from hub.web.i18n import LANGUAGES

ROWS = 100
NEW_LINK = "new_link"
"""Where a password link waits for the page that shows it once."""


@blp.get("/w/<slug>/people", endpoint="people")
@signed_in(Scope.USERS_READ)
def index() -> str:
    """List the people; those who left come last."""
    hub, actor = runtime(), current_actor()
    after = pagination.read_id(request.args["after"]) if request.args.get("after") else None
    with hub.db.across_workspaces() as transaction:
        found = people.page(transaction, hub, actor, after, ROWS + 1)
    more = pagination.cursor(str(found[ROWS - 1].id)) if len(found) > ROWS else None
    page = sorted(found[:ROWS], key=lambda person: (person.state == "left", person.name.casefold()))
    shown = [people.show(person, actor) for person in page]
    return render_template("accounts/people.html", people=shown, next=more, words=words)


@blp.get("/w/<slug>/people/invite")
@signed_in(Scope.USERS_WRITE)
def invite() -> str:
    """Ask whom to invite."""
    return _invite(Form())


@blp.post("/w/<slug>/people/invite")
@signed_in(Scope.USERS_WRITE)
def send_invitation() -> Response | tuple[str, int]:
    """Offer somebody a place, and lead to the page that shows their link this once."""
    hub, actor = runtime(), current_actor()
    try:
        given = forms.load(InviteSchema())
        command = Invite(**given | {"role": Role(given["role"])})
        with hub.db.across_workspaces() as transaction:
            person, link = people.invite(transaction, hub, actor, command)
    except Unprocessable as problem:
        return _invite(Form.refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    session[NEW_LINK] = [person.typed_id, link]
    return _to(person)


@blp.get("/w/<slug>/people/<user_id>", endpoint="person")
@signed_in(Scope.USERS_READ)
def one(user_id: str) -> str:
    """Show a person: role, access, and what they looked at; of who left, what became of what they had."""
    hub, actor, found = runtime(), current_actor(), people.read_id(user_id)
    with hub.db.across_workspaces() as transaction:
        person = people.find(transaction, hub, actor, found)
        view = _view(transaction, person)
    kept_id, link = session.get(NEW_LINK, ("", ""))
    if kept_id == person.typed_id:
        session.pop(NEW_LINK)
        view["link"] = link
    return render_template("accounts/person.html", form=Form({"role": person.role.value}), **view)


@blp.post("/w/<slug>/people/<user_id>/role")
@signed_in(Scope.USERS_WRITE)
def change_role(user_id: str) -> Response:
    """Give a person another role."""
    hub, actor, found = runtime(), current_actor(), people.read_id(user_id)
    role = Role(forms.load(ChangePersonSchema())["role"])
    with hub.db.across_workspaces() as transaction:
        person = people.change_role(transaction, hub, actor, found, role)
    flash(gettext("The role is changed."))
    return _to(person)


@blp.post("/w/<slug>/people/<user_id>/link")
@signed_in(Scope.USERS_WRITE)
def make_link(user_id: str) -> Response:
    """Make a link at which a person chooses a new password."""
    hub, actor, found = runtime(), current_actor(), people.read_id(user_id)
    with hub.db.across_workspaces() as transaction:
        person, link = people.new_link(transaction, hub, actor, found)
    session[NEW_LINK] = [person.typed_id, link]
    return _to(person)


@blp.get("/w/<slug>/people/<user_id>/leave")
@signed_in(Scope.USERS_WRITE)
def leave(user_id: str) -> str:
    """Tell exactly what will end and what will be handed over, and ask to whom."""
    return _leave(people.read_id(user_id), Form())


@blp.post("/w/<slug>/people/<user_id>/leave")
@signed_in(Scope.USERS_WRITE)
def end_place(user_id: str) -> Response | tuple[str, int]:
    """End a person's place and lead to the report."""
    hub, actor, found = runtime(), current_actor(), people.read_id(user_id)
    try:
        command = read_leave(forms.load(LeaveSchema()))
        with hub.db.across_workspaces() as transaction:
            person, report = leaver.leave(transaction, hub, actor, found, command)
    except Unprocessable as problem:
        return _leave(found, Form.refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    forget_keys(*(keys.read_id(key) for key in report["keys_revoked"]))
    return _to(person)


def _invite(form: Form) -> str:
    actor = current_actor()
    with runtime().db.across_workspaces() as transaction:
        roles = people.roles_to_give(transaction, actor)
    return render_template(
        "accounts/invite.html", form=form, roles=roles, words=words, scopes_of=SCOPES_OF, languages=LANGUAGES
    )


def _leave(user_id: UUID, form: Form) -> str:
    hub, actor = runtime(), current_actor()
    with hub.db.across_workspaces() as transaction:
        person = people.to_change(transaction, hub, actor, user_id, stays_owner=False)
        colleagues = [
            (other.typed_id, other.user.name)
            for other in people.page(transaction, hub, actor, None, ROWS)
            if other.id != user_id and other.works
        ]
        holdings = leaver.holdings(transaction, actor, user_id)
        view = _view(transaction, person)
    living = [keys.show(key) for key in holdings.keys]
    return render_template(
        "accounts/leave.html", form=form, colleagues=colleagues, holdings=holdings, keys=living, **view
    )


def _view(transaction: Session, person: Person) -> dict[str, Any]:
    """Return what both pages show of a person."""
    hub, actor = runtime(), current_actor()
    report = leaver.report_of(transaction, hub, actor, person) if person.member.left_at else None
    looks = leaver.looks(transaction, hub, actor, person) if actor.may(Scope.AUDIT_READ) else None
    named = {person.member.invited_by, *_ids_in(report.act.after if report else {})}
    return {
        "one": people.show(person, actor),
        "roles": people.roles_to_give(transaction, actor),
        "is_oneself": person.id == actor.id,
        "owned_keys": [keys.show(key) for key in leaver.holdings(transaction, actor, person.id).keys],
        "report": report,
        "looks": looks,
        "names": audit_log.names(transaction, hub, actor, named),
        "words": words,
        "scopes_of": SCOPES_OF,
    }


def _ids_in(report: Any) -> set[str]:  # noqa: ANN401 - what was written down when somebody left
    return {one for value in (report or {}).values() for one in (value if isinstance(value, list) else [str(value)])}


def _to(person: Person) -> Response:
    where = url_for("accounts_screens.person", user_id=ids.show("usr", person.id))
    return redirect(where, HTTPStatus.SEE_OTHER)
