"""Forms: from fields to what a schema reads, and from a refusal back to the fields.

A field is named by the JSON pointer of what it fills, without the first slash: `credentials/auth_token`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow
from flask import request
from marshmallow import fields
from werkzeug.datastructures import MultiDict

from hub.core.problems import Unprocessable
from hub.web.i18n import translated
from hub.web.schemas import Flag, invalid

WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Form:
    """What a form shows: values and mistakes by the names of fields."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def filled(cls, content: Mapping[str, Any]) -> "Form":
        """Return a form that shows what there is; inner objects are `outer/inner`."""
        return cls(dict(_flat(content, "")))

    @classmethod
    def refused(cls, problem: Unprocessable) -> "Form":
        """Return the form of this request with what was typed and what is wrong with it."""
        return cls(request.form.to_dict(flat=False), errors_of(problem))

    def value(self, name: str, default: Any = "") -> Any:  # noqa: ANN401 - whatever the field holds
        """Return the one thing that a field holds; the default of a form that was not filled in yet."""
        found = self._held(name, default)
        return found[0] if isinstance(found, list) and found else found

    def _held(self, name: str, default: Any) -> Any:  # noqa: ANN401 - whatever the field holds
        """Return all that a field holds."""
        found = self.values.get(name)
        return (default if not self.errors and name not in self.values else "") if found is None else found

    def holds(self, name: str, choice: object, default: object = None) -> bool:
        """Tell whether a choice of a field is taken."""
        value = self._held(name, default)
        several = isinstance(value, list | tuple | set | frozenset)
        return str(choice) in map(str, value) if several else str(choice) == str(value)

    def ticked(self, name: str, *, default: bool = False) -> bool:
        """Tell whether a checkbox is ticked. An empty box is not sent, so a refused form has no default."""
        return bool(self.value(name, default))

    def error(self, name: str) -> str:
        """Return what is wrong with a field, or with a part of it that has no field of its own."""
        inner = (text for place, text in self.errors.items() if place.startswith(f"{name}/"))
        return self.errors.get(name) or next(inner, "")


def load(schema: marshmallow.Schema, form: MultiDict[str, str] | None = None) -> Any:  # noqa: ANN401 - what the schema makes
    """Read the request's form by a schema, as the API reads JSON; raise `Unprocessable` alike."""
    try:
        return schema.load(read(schema, request.form if form is None else form))
    except marshmallow.ValidationError as error:
        raise invalid(error.messages) from error


def read(schema: marshmallow.Schema, form: MultiDict[str, str], prefix: str = "") -> dict[str, Any]:
    """Return the JSON that the form stands for. What the schema does not know is a button or a token: left out."""
    found = {}
    for name, expected in schema.load_fields.items():
        key = expected.data_key or name
        value = _value(expected, form, prefix + key)
        if value is not None:
            found[key] = value
    return found


def errors_of(problem: Unprocessable) -> dict[str, str]:
    """Return the mistakes by the names of fields, in the reader's language. One about the whole form has no name."""
    found: dict[str, str] = {}
    for fault in problem.errors:
        found.setdefault(fault.pointer.removeprefix("/"), translated(fault.detail))
    return found or {"": translated(problem.detail)}


def _value(expected: fields.Field[Any], form: MultiDict[str, str], name: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a field's JSON value, or None if the form does not say."""
    if isinstance(expected, Flag):
        return name in form
    if isinstance(expected, fields.List):
        return [value for value in form.getlist(name) if value] or None
    if isinstance(expected, fields.Nested | fields.Dict):
        open_ended = {
            key[len(name) + 1 :]: value for key, value in form.items() if key.startswith(f"{name}/") and value
        }
        return (read(expected.schema, form, f"{name}/") if type(expected) is fields.Nested else open_ended) or None
    text = form.get(name, "").replace("\r\n", "\n")
    return int(text) if isinstance(expected, fields.Integer) and WHOLE.fullmatch(text) else text or None


def _flat(content: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in content.items():
        pairs += _flat(value, f"{prefix}{name}/") if isinstance(value, Mapping) else [(prefix + name, value)]
    return pairs
