"""Sessions in the database. The cookie of somebody signed in holds a random token and nothing else.

Visitors get Flask's signed cookie, which holds a form token, and leave no row. Signing in makes a row with a token that
nobody knew before; ending the row ends the session at once, wherever the cookie is.
"""

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from flask import Flask, Request, Response, request
from flask import session as current
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from hub.accounts import sessions_store
from hub.accounts.sessions_store import StoredSession
from hub.accounts.users_store import User
from hub.core import clock
from hub.web.context import runtime

COOKIE = "session"
COOKIELESS = ("/api/", "/hooks/", "/health/", "/metrics", "/static/")
"""Nothing below these is asked for by a cookie: whoever asks brings a key, a signature or nothing."""
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=14)
TOUCH = timedelta(minutes=1)
TOKEN_BYTES = 32
LONGEST_BROWSER = 300
SIGNED_IN = "_user_id"
"""Where Flask-Login keeps who is signed in."""


class Session(SecureCookieSession):
    """What Flask keeps between requests; of somebody signed in, with its row."""

    token: str | None = None  # as the cookie had it
    kept: StoredSession | None = None
    user: User | None = None
    begins_for: User | None = None


class Sessions(SecureCookieSessionInterface):
    """Opens and saves sessions; the row is read by `load`, where a database that is away is an answer, not a crash."""

    session_class = Session

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie."""
        value = request.cookies.get(self.get_cookie_name(app), "")
        if uses_no_cookie(request.path) or "." not in value:  # a signed cookie has dots, a token has none
            session = Session()
            session.token = value or None
            return session
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the row, or a visitor's cookie."""
        if uses_no_cookie(request.path) or not isinstance(session, Session):
            return
        if session.begins_for:
            _set_cookie(self, app, response, _begin(session, session.begins_for))
        elif session.kept and SIGNED_IN in session:
            response.vary.add("Cookie")
            if session.modified:
                _write(session, session.kept)
        else:
            if session.kept:
                _end(session.kept)
            super().save_session(app, session, response)


def uses_no_cookie(path: str) -> bool:
    """Tell whether cookies mean nothing there."""
    return path.startswith(COOKIELESS)


def load() -> None:
    """Find the row of the request's token, and remember once a minute that it was seen."""
    session = opened()
    if session.token is None or uses_no_cookie(request.path):
        return
    hub, now = runtime(), clock.now()
    with hub.db.across_workspaces() as transaction:
        found = sessions_store.find(transaction, hub.vault, _digest(session.token), now)
        if found is None:
            return
        session.kept, session.user = found
        if now - session.kept.seen_at >= TOUCH:
            until = min(now + IDLE, session.kept.created_at + LONGEST)
            sessions_store.touch(transaction, session.kept.digest, now, until)
    session.update(session.kept.content)
    session.modified = False


def begin(user: User) -> None:
    """Start the session of this person with a new token; whatever was kept before, here or in the cookie, is gone."""
    session = opened()
    session.clear()
    session.begins_for = session.user = user


def opened() -> Session:
    """Return the session of this request."""
    return cast("Session", current._get_current_object())  # type: ignore[attr-defined] # noqa: SLF001 - werkzeug's documented way


def _begin(session: Session, user: User) -> str:
    hub, now, token = runtime(), clock.now(), secrets.token_urlsafe(TOKEN_BYTES)
    kept = StoredSession(
        digest=_digest(token),
        user_id=user.id,
        content=dict(session),
        address=request.remote_addr,
        browser=request.headers.get("User-Agent", "")[:LONGEST_BROWSER],
        created_at=now,
        seen_at=now,
        expires_at=now + IDLE,
    )
    with hub.db.across_workspaces() as transaction:
        if session.kept:
            sessions_store.end(transaction, session.kept.user_id, session.kept.digest)
        sessions_store.add(transaction, hub.vault, kept)
    return token


def _write(session: Session, kept: StoredSession) -> None:
    hub = runtime()
    with hub.db.across_workspaces() as transaction:
        sessions_store.change(transaction, hub.vault, replace(kept, content=dict(session)))


def _end(kept: StoredSession) -> None:
    with runtime().db.across_workspaces() as transaction:
        sessions_store.end(transaction, kept.user_id, kept.digest)


def _set_cookie(interface: Sessions, app: Flask, response: Response, token: str) -> None:
    options: dict[str, Any] = {
        "path": interface.get_cookie_path(app),
        "httponly": interface.get_cookie_httponly(app),
        "secure": interface.get_cookie_secure(app),
        "samesite": interface.get_cookie_samesite(app),
    }
    response.set_cookie(interface.get_cookie_name(app), token, **options)
    response.vary.add("Cookie")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
