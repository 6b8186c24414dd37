"""One's own profile: who one is, password, second factor, sessions."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import force_locale, gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.wrappers import Response

from channels.addresses import BadAddress, parse_phone
from hub.accounts import passwords, second_factor, sessions, sessions_store, users
from hub.accounts.auth import current_person, signed_in
from hub.accounts.screens import blp
from hub.accounts.sign_in_views import attempts, begin, new_password, wait_in_words
from hub.core import clock
from hub.core.problems import Fault, TooManyRequests, Unprocessable
from hub.web import i18n
from hub.web.context import runtime
from hub.web.forms import Form
from hub.web.shell import keep

NEW_KEY = "new_second_factor"
NEW_CODES = "new_rescue_codes"
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "YaBrowser": "Yandex",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
"""The order matters: Chrome also calls itself Safari, Android also Linux."""


@dataclass(frozen=True, slots=True)
class ShownSession:
    """One browser as its owner sees it."""

    id: str
    browser: str
    address: str | None
    seen_at: datetime
    is_this: bool


@blp.get("/profile")
@signed_in()
def profile() -> Response:
    """Show who one is here."""
    user = current_person()
    return _profile(Form({"name": user.name, "email": user.email, "phone": user.phone, "language": user.language}))


@blp.post("/profile")
@signed_in()
def change_profile() -> Response:
    """Change name, email, phone or language. Another email needs the password: it opens the account."""
    user, hub = current_person(), runtime()
    try:
        values = _typed()
        if values["email"] != user.email:
            _demand_password("current_password")
        with hub.db.across_workspaces() as transaction:
            users.change_profile(transaction, hub.vault, user, **values)
    except Unprocessable as problem:
        return _profile(Form.refused(problem))
    response = _back()
    if values["language"]:
        keep(response, "language", values["language"])
    with force_locale(values["language"] or i18n.language()):
        flash(gettext("Your profile is saved."))
    return response


@blp.get("/profile/password")
@signed_in()
def password() -> Response:
    """Ask for the current password and a new one."""
    return _page("accounts/password.html", Form())


@blp.post("/profile/password")
@signed_in()
def change_password() -> Response:
    """Change the password; every other session ends, this one gets a new token."""
    user, hub = current_person(), runtime()
    try:
        _demand_password("current_password")
        with hub.db.across_workspaces() as transaction:
            changed = users.set_password(transaction, hub.vault, user, new_password())
    except Unprocessable as problem:
        return _page("accounts/password.html", Form.refused(problem))
    begin(changed)
    flash(gettext("The password is changed. All other sessions have ended."))
    return _back()


@blp.get("/profile/second-factor")
@signed_in()
def factor() -> Response:
    """Show how to set the second factor up, or what there is of it."""
    return _factor(Form())


@blp.post("/profile/second-factor")
@signed_in()
def turn_factor_on() -> Response:
    """Turn the second factor on with the password, once a code proves that the app works."""
    user, hub = current_person(), runtime()
    key = session.get(NEW_KEY)
    step = second_factor.step_of(key, request.form.get("code", "")) if key else None
    try:
        _demand_password("current_password")
    except Unprocessable as problem:
        return _factor(Form.refused(problem))
    if user.has_second_factor or key is None or step is None:
        wrong = Fault("/code", "This code does not fit. Check the clock of your phone and try the next one.")
        return _factor(Form.refused(Unprocessable("See errors.", errors=[wrong])))
    with hub.db.across_workspaces() as transaction:
        session[NEW_CODES] = second_factor.turn_on(transaction, hub.vault, user, key, step)
    session.pop(NEW_KEY)
    return redirect(url_for("accounts_screens.new_rescue_codes"), HTTPStatus.SEE_OTHER)


@blp.post("/profile/second-factor/off")
@signed_in()
def turn_factor_off() -> Response:
    """Turn the second factor off."""
    user, hub = current_person(), runtime()
    try:
        _demand_password("current_password")
    except Unprocessable as problem:
        return _factor(Form.refused(problem))
    with hub.db.across_workspaces() as transaction:
        second_factor.turn_off(transaction, hub.vault, user)
    flash(gettext("The second factor is off."))
    return _back()


@blp.post("/profile/rescue-codes")
@signed_in()
def make_rescue_codes() -> Response:
    """Replace the rescue codes."""
    user, hub = current_person(), runtime()
    try:
        _demand_password("current_password")
    except Unprocessable as problem:
        return _factor(Form.refused(problem))
    with hub.db.across_workspaces() as transaction:
        session[NEW_CODES] = second_factor.new_rescue_codes(transaction, hub.vault, user)
    return redirect(url_for("accounts_screens.new_rescue_codes"), HTTPStatus.SEE_OTHER)


@blp.get("/profile/rescue-codes")
@signed_in()
def new_rescue_codes() -> Response:
    """Show new rescue codes this once."""
    codes = session.pop(NEW_CODES, None)
    if not codes:
        return redirect(url_for("accounts_screens.factor"), HTTPStatus.SEE_OTHER)
    return _page("accounts/new_rescue_codes.html", Form(), codes=codes)


@blp.post("/profile/sessions/end")
@signed_in()
def end_session() -> Response:
    """End one of one's sessions, or all but this one."""
    user, hub, wanted = current_person(), runtime(), request.form.get("session", "")
    with hub.db.across_workspaces() as transaction:
        for kept in sessions_store.of_user(transaction, hub.vault, user.id, clock.now()):
            if kept.digest != _this() and wanted in {"others", kept.digest.hex()}:
                sessions_store.end(transaction, user.id, kept.digest)
                users.write_down(transaction, hub.vault, user.id, "session.ended")
    flash(gettext("That session has ended."))
    return _back()


def _typed() -> dict[str, str | None]:
    """Return the profile as it was typed, or raise `Unprocessable`."""
    name, phone, language = (request.form.get(field, "").strip() for field in ("name", "phone", "language"))
    if not name or len(name) > users.LONGEST_NAME:
        raise Unprocessable("See errors.", errors=[Fault("/name", "Write a name of at most 100 characters.")])
    try:
        number = str(parse_phone(phone, "ZZ")) if phone else None
    except BadAddress as error:
        raise Unprocessable("See errors.", errors=[Fault("/phone", str(error))]) from error
    return {
        "name": name,
        "email": users.normal_email(request.form.get("email", "")),
        "phone": number,
        "language": language if language in i18n.LANGUAGES else None,
    }


def _demand_password(field: str) -> None:
    """Raise `Unprocessable` unless the form holds the person's current password."""
    user = current_person()
    try:
        attempts().count(f"password:{user.id}", request.remote_addr)
    except TooManyRequests as problem:
        raise Unprocessable("See errors.", errors=[Fault(f"/{field}", wait_in_words(problem))]) from problem
    if not passwords.fits(request.form.get(field, ""), user.password):
        raise Unprocessable("See errors.", errors=[Fault(f"/{field}", "This is not your current password.")])


def _profile(form: Form) -> Response:
    user, hub = current_person(), runtime()
    with hub.db.across_workspaces() as transaction:
        kept = sessions_store.of_user(transaction, hub.vault, user.id, clock.now())
    shown = [
        ShownSession(one.digest.hex(), _in_words(one.browser), one.address, one.seen_at, one.digest == _this())
        for one in kept
    ]
    return _page("accounts/profile.html", form, sessions=shown)


def _factor(form: Form) -> Response:
    user = current_person()
    if user.has_second_factor:
        return _page("accounts/factor_on.html", form, left=len(user.rescue_codes))
    key = session.setdefault(NEW_KEY, second_factor.new_key())
    picture = second_factor.picture(key, user.email)
    return _page("accounts/factor_off.html", form, key=second_factor.shown(key), picture=picture)


def _in_words(user_agent: str) -> str:
    """Return browser and system, such as `Firefox, Windows`; of an unknown one its own first word."""
    found = [next((name for sign, name in signs.items() if sign in user_agent), "") for signs in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or user_agent.partition("/")[0] or "?"


def _this() -> bytes | None:
    kept = sessions.opened().kept
    return kept.digest if kept else None


def _back() -> Response:
    return redirect(url_for("accounts_screens.profile"), HTTPStatus.SEE_OTHER)


def _page(template: str, form: Form, **values: object) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return make_response(render_template(template, form=form, **values), status)
