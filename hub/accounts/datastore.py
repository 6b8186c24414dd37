"""People as Flask-Security knows them. It reads them through the session; changes go through `users`."""

from typing import Any

from flask_security import RoleMixin, UserDatastore, UserMixin

from hub.accounts import sessions
from hub.accounts.users_store import User


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
