"""Signing in and out."""

import time
from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

import structlog
from flask import current_app, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext, ngettext  # type: ignore[import-untyped] # it has no types
from flask_security import current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped] # it has no types
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hub.accounts import passwords, second_factor, sessions, users, users_store
from hub.accounts.attempts import CODES_PER_ACCOUNT, EXTENSION, Attempts
from hub.accounts.auth import current_person, signed_in
from hub.accounts.screens import blp
from hub.accounts.sign_in import Person
from hub.accounts.users_store import NOBODY, User
from hub.core import clock
from hub.core.crypto import Vault
from hub.core.problems import Fault, TooManyRequests, Unprocessable
from hub.web.context import runtime
from hub.web.forms import Form
from hub.web.shell import keep, local_path

HALF_SIGNED_IN = "half_signed_in"
SIGN_IN_EMAIL = "sign_in_email"
"""Who just chose a password."""
CODE_SECONDS = 600
REFUSAL_SECONDS = 0.4
"""A refusal takes this long whoever was named: what is looked up and written down about known people is not heard."""
ANONYMOUS = "anonymous"
"""Who failed to sign in: nobody knows whether it was the person."""
Take = Callable[[Session, Vault, User, str], bool]

log = structlog.get_logger()


@blp.get("/")
@signed_in()
def front() -> Response:
    """Lead to the workspace that was used last; whoever is in none is told so."""
    if "slug" in g:
        return redirect(f"/w/{g.slug}/", HTTPStatus.SEE_OTHER)
    with runtime().db.across_workspaces() as transaction:
        left = users_store.left(transaction, current_person().id)
    return _page("accounts/no_workspace.html", Form(), left=left)


@blp.get("/sign-in")
def sign_in() -> Response:
    """Ask who it is."""
    if current_user.is_authenticated:
        return _leave_for(_next())
    return _page("accounts/sign_in.html", Form({"email": session.pop(SIGN_IN_EMAIL, "")}))


@blp.post("/sign-in")
def enter() -> Response:
    """Sign in with a password, or go on to the second factor."""
    started = time.monotonic()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    hub = runtime()
    try:
        attempts().count_guess(hub.vault.index(NOBODY, email.strip().casefold()).hex(), request.remote_addr)
    except TooManyRequests as problem:
        return _too_many("accounts/sign_in.html", problem)
    with hub.db.across_workspaces() as transaction:
        user = users.find_by_email(transaction, hub.vault, email)
    known = passwords.fits(password, user.password if user else None)
    if user and user.active and known:
        return _ask_for_code(user) if user.has_second_factor else _finish(user, password)
    _write_down_failure(user, "password")
    time.sleep(max(0.0, started + REFUSAL_SECONDS - time.monotonic()))
    return _refused("accounts/sign_in.html", "", gettext("The email or the password is wrong."))


@blp.get("/sign-in/code")
def code() -> Response:
    """Ask for the app's code."""
    return _page("accounts/code.html", Form()) if _half_signed_in() else _go("accounts_screens.sign_in")


@blp.post("/sign-in/code")
def take_code() -> Response:
    """Sign in with the app's code."""
    return _second_step("accounts/code.html", second_factor.take_code)


@blp.get("/sign-in/rescue-code")
def rescue_code() -> Response:
    """Ask for a rescue code."""
    return _page("accounts/rescue_code.html", Form()) if _half_signed_in() else _go("accounts_screens.sign_in")


@blp.post("/sign-in/rescue-code")
def take_rescue_code() -> Response:
    """Sign in with a rescue code."""
    return _second_step("accounts/rescue_code.html", second_factor.take_rescue_code)


@blp.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    user = sessions.opened().user
    if user:
        hub = runtime()
        with hub.db.across_workspaces() as transaction:
            users.write_down(transaction, hub.vault, user.id, "person.signed_out")
        logout_user()
    session.clear()
    return _go("accounts_screens.sign_in")


def new_password() -> str:
    """Return the password that was typed twice, or raise `Unprocessable`."""
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        raise Unprocessable("See errors.", errors=[Fault("/again", "The two passwords differ.")])
    return password


def attempts() -> Attempts:
    """Return the counter of attempts."""
    found: Attempts = current_app.extensions[EXTENSION]
    return found


def begin(user: User) -> None:
    """Sign a person in, in a session with a new token."""
    sessions.begin(user)
    login_user(Person(user))
    generate_csrf()  # now, so that two pages that open at once do not make two of it


def wait_in_words(problem: TooManyRequests) -> str:
    """Say when to try again."""
    seconds = problem.retry_after_seconds or 1
    words: str = ngettext(
        "Too many attempts. Try again in a second.", "Too many attempts. Try again in %(num)d seconds.", seconds
    )
    return words


def _finish(user: User, password: str | None = None) -> Response:
    hub = runtime()
    with hub.db.across_workspaces() as transaction:
        fresh = users.lock(transaction, hub.vault, user)
        if fresh is None or fresh.second_factor != user.second_factor:
            return _go("accounts_screens.sign_in")
        values: dict[str, object] = {"last_sign_in_at": clock.now()}
        if password and passwords.is_outdated(fresh.password or ""):
            values["password"] = passwords.make_hash(password)
        fresh = users.update(transaction, hub.vault, fresh, **values)
        users.write_down(transaction, hub.vault, user.id, "person.signed_in")
    begin(fresh)
    log.info("person.signed_in", user_id=user.id)
    response = _leave_for(_next())
    if fresh.language:
        keep(response, "language", fresh.language)
    return response


def _ask_for_code(user: User) -> Response:
    session.clear()
    session[HALF_SIGNED_IN] = [user.id.hex, users.state_of(user), clock.now().timestamp()]
    return _go("accounts_screens.code", next=request.args.get("next"))


def _half_signed_in() -> User | None:
    """Return who gave the right password a little while ago and owes the second factor."""
    user_id, state, at = session.get(HALF_SIGNED_IN, (None, None, 0.0))
    if user_id is None or clock.now().timestamp() - at > CODE_SECONDS:
        return None
    hub = runtime()
    with hub.db.across_workspaces() as transaction:
        user = users.find(transaction, hub.vault, UUID(hex=user_id))
    return user if user and user.active and user.has_second_factor and users.state_of(user) == state else None


def _second_step(template: str, take: Take) -> Response:
    user = _half_signed_in()
    if user is None:
        return _go("accounts_screens.sign_in")
    hub = runtime()
    try:
        attempts().count(f"code:{user.id}", request.remote_addr, CODES_PER_ACCOUNT)
    except TooManyRequests as problem:
        return _too_many(template, problem)
    with hub.db.across_workspaces() as transaction:
        taken = take(transaction, hub.vault, user, request.form.get("code", ""))
    if taken:
        return _finish(user)
    _write_down_failure(user, "code")
    return _refused(template, "code", gettext("This code is wrong, or it was used already."))


def _write_down_failure(user: User | None, what: str) -> None:
    log.info("sign_in.failed", wrong=what, known=user is not None)
    if user:
        hub = runtime()
        with hub.db.across_workspaces() as transaction:
            users.write_down(
                transaction, hub.vault, user.id, "person.sign_in_failed", after={"wrong": what}, actor=ANONYMOUS
            )


def _too_many(template: str, problem: TooManyRequests) -> Response:
    response = _refused(template, "", wait_in_words(problem), HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = str(problem.retry_after_seconds)
    return response


def _refused(template: str, name: str, text: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> Response:
    return _page(template, Form({"email": request.form.get("email", "")}, {name: text}), status)


def _page(template: str, form: Form, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
    return make_response(render_template(template, form=form, next=request.args.get("next"), **values), status)


def _next() -> str:
    return local_path(request.args.get("next", ""))


def _leave_for(path: str) -> Response:
    """Go on to a page of this site; without one, to the first workspace."""
    if path == "/":
        user = sessions.opened().user
        with runtime().db.across_workspaces() as transaction:
            places = users.memberships(transaction, user.id) if user else []
        path = f"/w/{places[0][0].slug}/" if places else path
    return redirect(path, HTTPStatus.SEE_OTHER)


def _go(endpoint: str, **values: object) -> Response:
    return redirect(url_for(endpoint, **values), HTTPStatus.SEE_OTHER)  # type: ignore[arg-type] # query parameters
