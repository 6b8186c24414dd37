"""flask-smorest, set to our rules: JSON bodies read strictly, mistakes as problems."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

import marshmallow
from flask import Request
from flask_smorest import Blueprint as SmorestBlueprint  # type: ignore[import-untyped] # it has no types
from webargs.flaskparser import FlaskParser

from hub.web.jsons import read_body
from hub.web.schemas import invalid

View = TypeVar("View", bound=Callable[..., Any])
Routed = TypeVar("Routed", bound=type[Any])


class Parser(FlaskParser):
    """Reads bodies with orjson; query parameters as webargs does, unknown ones refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": marshmallow.RAISE}  # noqa: RUF012 - webargs' way

    def load_json(self, req: Request, schema: marshmallow.Schema) -> Any:  # noqa: ANN401, ARG002 - any JSON value
        """Return the body as JSON."""
        return read_body(req)

    def handle_error(self, error: marshmallow.ValidationError, *_context: Any, **_options: Any) -> NoReturn:  # noqa: ANN401
        """Raise the mistakes of a body or query as one problem."""
        messages: Any = error.messages
        (_location, found), *_rest = messages.items()
        raise invalid(found)


class Blueprint(SmorestBlueprint):  # type: ignore[misc] # flask-smorest is untyped
    """A feature's routes. The decorators are flask-smorest's, with their types."""

    ARGUMENTS_PARSER = Parser()

    def route(self, rule: str) -> Callable[[Routed], Routed]:
        """Register a view class under a path."""
        return cast("Callable[[Routed], Routed]", super().route(rule))

    def arguments(self, schema: type[marshmallow.Schema], *, location: str = "json") -> Callable[[View], View]:
        """Read the body or the query by a schema and pass it to the view first."""
        return cast("Callable[[View], View]", super().arguments(schema, location=location))

    def response(self, status_code: int, schema: type[marshmallow.Schema] | None = None) -> Callable[[View], View]:
        """Name the view's one success status and its shape."""
        return cast("Callable[[View], View]", super().response(status_code, schema))

    def described_body(self, schema: type[marshmallow.Schema]) -> Callable[[View], View]:
        """Document the body of a view that reads it by itself."""
        content = {"application/json": {"schema": schema}}
        return cast("Callable[[View], View]", self.doc(requestBody={"required": True, "content": content}))
