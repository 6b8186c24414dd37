"""flask-smorest, set to our rules: JSON bodies read strictly, mistakes as problems."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

import marshmallow
from flask import Request
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser

from hub.web.jsons import read_body
from hub.web.schemas import invalid

View = TypeVar("View", bound=Callable[..., Any])


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


class Blueprint(SmorestBlueprint):
    """A feature's routes."""

    ARGUMENTS_PARSER = Parser()

    def described_body(self, schema: type[marshmallow.Schema]) -> Callable[[View], View]:
        """Document the body of a view that reads it by itself."""
        content = {"application/json": {"schema": schema}}
        return cast("Callable[[View], View]", self.doc(requestBody={"required": True, "content": content}))
