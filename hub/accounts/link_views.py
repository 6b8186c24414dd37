"""What links open: choosing a password, and accepting an invitation."""

from http import HTTPStatus

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import force_locale, gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.wrappers import Response

from hub.accounts import links, sessions, users
from hub.accounts.links import Invitation
from hub.accounts.screens import blp
from hub.accounts.sign_in_views import SIGN_IN_EMAIL, new_password
from hub.accounts.users_store import User
from hub.core.problems import Unprocessable
from hub.web import i18n
from hub.web.context import runtime
from hub.web.forms import Form


@blp.get("/choose-password/<token>")
def choose_password(token: str) -> Response:
    """Ask for a new password."""
    hub = runtime()
    with hub.db.across_workspaces() as transaction:
        user = links.user_of_password_link(hub, transaction, token)
    return _choose(user, Form()) if user else _over()


@blp.post("/choose-password/<token>")
def take_password(token: str) -> Response:
    """Take the new password; the link is over."""
    hub = runtime()
    with hub.db.across_workspaces() as transaction:
        user = links.user_of_password_link(hub, transaction, token)
        if user is None:
            return _over()
        try:
            users.set_password(transaction, hub.vault, user, new_password())
        except Unprocessable as problem:
            return _choose(user, Form.refused(problem))
    return _sign_in(user)


@blp.get("/invitations/<token>")
def invitation(token: str) -> Response:
    """Say who invites and to where; ask a new person for a password, and any other to sign in and join."""
    hub = runtime()
    with hub.db.across_workspaces() as transaction:
        found = links.invitation(hub, transaction, token)
        maker = links.maker_name(hub, transaction, found) if found else None
    return _invitation(found, maker, Form()) if found else _over()


@blp.post("/invitations/<token>")
def accept_invitation(token: str) -> Response:
    """Let the person in: who chooses the first password, or is signed in as exactly the invited one."""
    hub, signed_in = runtime(), sessions.opened().user
    with hub.db.across_workspaces() as transaction:
        found = links.invitation(hub, transaction, token)
        if found is None:
            return _over()
        maker = links.maker_name(hub, transaction, found)
        if found.needs_password:
            try:
                users.set_password(transaction, hub.vault, found.user, new_password())
            except Unprocessable as problem:
                return _invitation(found, maker, Form.refused(problem))
        elif signed_in is None or signed_in.id != found.user.id:
            return _invitation(found, maker, Form(), HTTPStatus.FORBIDDEN)
        links.accept(hub, transaction, found)
    if found.needs_password:
        return _sign_in(found.user)
    flash(gettext("You are in %(name)s.", name=found.workspace.name))
    return redirect(f"/w/{found.workspace.slug}/", HTTPStatus.SEE_OTHER)


def _invitation(found: Invitation, maker: str | None, form: Form, status: HTTPStatus = HTTPStatus.OK) -> Response:
    template = "accounts/choose_password.html" if found.needs_password else "accounts/invitation.html"
    values = {"workspace": found.workspace.name, "maker": maker, "here": request.path}
    return _page(template, found.user, form, status, invited=found.user.id, visitor=sessions.opened().user, **values)


def _choose(user: User, form: Form) -> Response:
    return _page("accounts/choose_password.html", user, form, HTTPStatus.OK)


def _page(template: str, user: User, form: Form, status: HTTPStatus, **values: object) -> Response:
    """Show a page in the language that the visitor chose, or else in the person's."""
    language = i18n.language() if "language" in request.cookies or not user.language else user.language
    with force_locale(language):
        page = render_template(template, form=form, email=user.email, language=language, **values)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else status)


def _over() -> Response:
    return make_response(render_template("accounts/link_over.html"), HTTPStatus.GONE)


def _sign_in(user: User) -> Response:
    """Lead to the sign-in page, where the new password is asked for, and the second factor if there is one."""
    session.clear()
    session[SIGN_IN_EMAIL] = user.email
    flash(gettext("The password is set. Sign in with it."))
    return redirect(url_for("accounts_screens.sign_in"), HTTPStatus.SEE_OTHER)
