"""The OpenAPI document: what flask-smorest does not know of our rules, and the document in a reader's order."""

from collections.abc import Iterator
from typing import Any

from flask_smorest import Api  # type: ignore[import-untyped] # it has no types
from marshmallow import fields

from hub.web.schemas import AnswerSchema

METHODS = ("get", "post", "patch", "delete")
PROBLEM = "application/problem+json"
EVERYWHERE = {
    "400": "The request cannot be read.",
    "401": "No key, or one that is unknown, revoked or expired.",
    "403": "The key may not do this.",
    "404": "There is no such thing in the key's workspace.",
    "409": "The current state does not allow this, or a twin of this request is being worked on.",
    "413": "The request is too large.",
    "415": "The body is not JSON by its content type.",
    "422": "The request has mistakes; each is named by its JSON pointer.",
    "429": "Too many requests; Retry-After says when to come back.",
    "503": "The hub cannot answer just now; ask again with the same Idempotency-Key.",
}
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same key with the same request within 24 hours gives the first answer again.",
}


class FaultSchema(AnswerSchema):
    """One mistake in a request."""

    pointer = fields.String(required=True, metadata={"description": "A JSON pointer (RFC 6901)."})
    detail = fields.String(required=True)


class ProblemSchema(AnswerSchema):
    """A failure (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; programs read this."})
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema))


def complete(api: Api) -> None:
    """Add to every operation the failures it may answer with, and to every POST its idempotency key."""
    spec: Any = api.spec
    spec.components.schema("Problem", schema=ProblemSchema)
    reference = {"$ref": "#/components/schemas/Problem"}
    for path in spec._paths.values():  # noqa: SLF001 - apispec has no public way to visit operations
        for method in METHODS:
            operation = path.get(method)
            if operation is None:
                continue
            operation["responses"].pop("default", None)
            for status, description in EVERYWHERE.items():
                content = {PROBLEM: {"schema": reference}}
                operation["responses"][status] = {"description": description, "content": content}
            if method == "post":
                operation.setdefault("parameters", []).append(IDEMPOTENCY)


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the operations, each with its path and method."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                shared = item.get("parameters", [])
                operation = item[method]
                body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
                yield operation | {
                    "path": path,
                    "method": method.upper(),
                    "all_parameters": [*shared, *operation.get("parameters", [])],
                    "body": name_of(body),
                    "answers": [_answer(status, answer) for status, answer in sorted(operation["responses"].items())],
                }


def schemas(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the named shapes, each with its fields."""
    for name, schema in document["components"]["schemas"].items():
        required = set(schema.get("required", ()))
        rows = [
            {"name": field, "type": name_of(shape) or _type(shape), "required": field in required, **shape}
            for field, shape in schema.get("properties", {}).items()
        ]
        yield {"name": name, "description": schema.get("description", ""), "fields": rows}


def name_of(schema: dict[str, Any] | None) -> str | None:
    """Return the name of a referenced shape."""
    if not schema:
        return None
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    inner = [name_of(part) for part in [schema.get("items"), *schema.get("anyOf", ()), *schema.get("allOf", ())]]
    return next((name for name in inner if name), None)


def _answer(status: str, answer: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = next(iter(answer.get("content", {}).values()), {})
    return {"status": status, "description": answer.get("description", ""), "body": name_of(content.get("schema"))}


def _type(shape: dict[str, Any]) -> str:
    kind = shape.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
