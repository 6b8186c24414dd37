"""People who sign in as a browser would: by the form, with its token."""

import itertools
import re
from dataclasses import dataclass, replace
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.accounts import passwords, users, users_store
from hub.accounts.roles import Role
from hub.accounts.store import Workspace
from hub.core.runtime import Runtime

PASSWORD = "correct zebra battery 7"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
_numbers = itertools.count(1)
_hashes: list[str] = []


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in."""

    user_id: UUID
    email: str
    password: str
    workspace: Workspace
    role: Role


def make_person(hub: Runtime, workspace: Workspace, role: Role = Role.OWNER, **user: object) -> Person:
    """Make a person with a place in a workspace; `user` overrides fields of `User`."""
    email = str(user.pop("email", f"person-{next(_numbers)}@example.com"))
    with hub.db.across_workspaces() as session:
        made = users.create(session, hub.vault, email, str(user.pop("name", "Anna Petrova")), None)
        users_store.change(session, hub.vault, _replace(made, **{"password": _hash(), **user}))
        users.join(session, workspace.id, made.id, role, actor="tests")
    return Person(made.id, made.email, PASSWORD, workspace, role)


def sign_in(
    client: FlaskClient, person: Person, next_page: str | None = None, address: str = "", **change: str
) -> TestResponse:
    """Send the sign-in form; `change` overrides what is typed. Each has an address of its own, or the named one."""
    origin = {"REMOTE_ADDR": address or f"10.1.{next(_numbers) % 250}.{next(_numbers) % 250}"}
    query = {"next": next_page} if next_page else {}
    page = client.get("/sign-in", query_string=query, environ_overrides=origin)
    typed = {"csrf_token": csrf_of(page), "email": person.email, "password": person.password, **change}
    return client.post("/sign-in", query_string=query, data=typed, environ_overrides=origin)


def post(client: FlaskClient, path: str, form_on: str | None = None, **fields: str) -> TestResponse:
    """Open the page with the form (the same path unless another is named) and send it."""
    token = csrf_of(client.get(form_on or path))
    named = {name.replace("__", "/"): value for name, value in fields.items()}
    return client.post(path, data={"csrf_token": token, **named})


def csrf_of(page: TestResponse) -> str:
    """Return the form token of a page."""
    found = CSRF.search(page.text)
    assert found, f"{page.status} without a form: {page.text[:300]}"
    return found[1]


def _replace(user: users_store.User, **values: object) -> users_store.User:
    return replace(user, **values)  # type: ignore[arg-type] # fields of User, named by the test


def _hash() -> str:
    """Return the one password's hash, made once: argon2 is slow on purpose."""
    if not _hashes:
        _hashes.append(passwords.make_hash(PASSWORD))
    return _hashes[0]
