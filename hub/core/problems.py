"""Expected failures. One handler turns each into `application/problem+json` (RFC 9457)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request and where it is (a JSON pointer, RFC 6901)."""

    pointer: str
    detail: str


@dataclass(eq=False)
class HubError(Exception):
    """A failure the caller can understand. Subclasses fix status, code and title."""

    status: ClassVar[HTTPStatus]
    code: ClassVar[str]
    title: ClassVar[str]

    detail: str
    errors: Sequence[Fault] = field(default=(), kw_only=True)
    retry_after_seconds: int | None = field(default=None, kw_only=True)


class BadRequest(HubError):
    """The request cannot be read at all."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad_request"
    title = "The request cannot be read"


class Unauthorized(HubError):
    """No key, or one that is unknown, revoked or expired."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"
    title = "A valid API key is needed"


class Forbidden(HubError):
    """The caller is known and may not do this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"
    title = "This is not allowed"


class NotFound(HubError):
    """There is no such thing in the caller's workspace."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    title = "There is no such thing here"


class Conflict(HubError):
    """The thing is in a state that does not allow this."""

    status = HTTPStatus.CONFLICT
    code = "conflict"
    title = "The current state does not allow this"


class TooLarge(HubError):
    """The request is larger than the hub reads."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"
    title = "The request is too large"


class Unprocessable(HubError):
    """The request was read and something in it is wrong."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid_request"
    title = "The request has mistakes"


class TooManyRequests(HubError):
    """The key's rate limit is used up."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "rate_limited"
    title = "Too many requests"


class NotAvailable(HubError):
    """PostgreSQL cannot be reached just now, or went away while it was asked."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "not_available"
    title = "The hub cannot take this just now"
