"""Flask-Security and what it stands on: keys, sessions, form tokens. It signs in and out; the pages are ours.

Its own routes stay off (`register_blueprint=False`), and so do its authentication tokens: there is one way in.
"""

from typing import Any

from flask import Flask, request
from flask_security import RoleMixin, Security, UserDatastore, UserMixin
from flask_wtf import CSRFProtect  # type: ignore[import-untyped] # it has no types
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]

from hub.accounts import auth, passwords, sessions, signing, users
from hub.accounts.attempts import EXTENSION, Attempts
from hub.accounts.users_store import User
from hub.core.problems import BadRequest
from hub.core.runtime import Runtime
from hub.web.context import runtime
from hub.web.shell import preference_changed

csrf = CSRFProtect()


class Person(UserMixin):
    """A person who may sign in. What they may do says their place in a workspace, not Flask-Security's roles."""

    fs_uniquifier = ""  # what a session is bound to; Flask-Security asks the class whether there is one

    def __init__(self, user: User) -> None:
        self.user = user
        self.fs_uniquifier = user.uniquifier
        self.active = user.active


class People(UserDatastore):
    """Finds who is signed in: the session's row came with its person, so no further look-up is needed."""

    def __init__(self) -> None:
        super().__init__(Person, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Person | None:  # noqa: ANN401, ARG002, FBT001, FBT002 - its signature
        """Return the person of the request's session if the session was begun under their present password."""
        user = sessions.opened().user
        return Person(user) if user and kwargs == {"fs_uniquifier": user.uniquifier} else None


def install(app: Flask, hub: Runtime) -> None:
    """Let people sign in. Comes before every other hook that asks who is there."""
    secure = hub.settings.public_url.startswith("https:")
    newest, *older = signing.keys(hub.settings, "cookies")
    app.config.update(
        SECRET_KEY=newest,
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME=f"__Host-{sessions.COOKIE}" if secure else sessions.COOKIE,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_PROTECTION=None,  # a phone changes its address all day
        WTF_CSRF_CHECK_DEFAULT=False,  # `_check_form` decides
        WTF_CSRF_TIME_LIMIT=None,  # a form token lives as long as its session
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH={"argon2"},
        SECURITY_CLI_USERS_NAME=False,
        SECURITY_CLI_ROLES_NAME=False,
    )
    app.session_interface = sessions.Sessions()
    app.extensions[EXTENSION] = Attempts(hub.limiter)
    passwords.prepare()
    app.before_request(sessions.load)
    csrf.init_app(app)
    app.before_request(_check_form)
    security = Security(app, People(), register_blueprint=False)
    security.login_manager.request_loader(_nobody)
    security.principal.identity_loaders.clear()  # its permissions are not used, and the API should not pay for them
    auth.install(app)
    preference_changed.connect(_keep_preference, sender=app)


def _check_form() -> None:
    """Take no form that is not from a page of ours. Where cookies mean nothing there is nothing to protect."""
    if sessions.uses_no_cookie(request.path):
        return
    try:
        csrf.protect()
    except CSRFError as error:
        raise BadRequest("The form is too old or not from this site. Open the page again and send it anew.") from error


def _nobody(_request: object) -> None:
    """Know nobody by a token: keys of the API are for the API."""


def _keep_preference(_sender: object, name: str, value: str) -> None:
    """Keep a chosen language with the person, for messages to them and for their next browser."""
    user = sessions.opened().user
    if user and name == "language":
        hub = runtime()
        with hub.db.across_workspaces() as session:
            users.change_profile(session, hub.vault, user, language=value)
