"""The shape of messages in REST.

`SendMessageSchema` is the judge and the documentation. Because it costs twenty times the rest, a compiled decoder
with the same rules (`Fast`) accepts what is well-formed first; only what it refuses is explained by the schema.
"""

from typing import Annotated, Any, Literal

import msgspec
import orjson
from marshmallow import ValidationError, fields, validate

from channels.addresses import BadAddress, parse_phone
from channels.types import Channel
from hub.accounts.auth import current_actor
from hub.accounts.scopes import Purpose
from hub.messages.commands import MAX_BATCH, MAX_BODY, MAX_METADATA_BYTES, MAX_REFERENCE, MAX_TTL
from hub.web.schemas import AnswerSchema, Moment, StrictSchema, Unread, Whole, Words, read_moment
from tracking.delivery import Status

MAX_TTL_SECONDS = int(MAX_TTL.total_seconds())


def is_small(metadata: dict[str, Any]) -> bool:
    """Tell whether metadata is short enough, and flat enough to be written inside a list of answers."""
    try:
        return len(orjson.dumps([[[[[[[[metadata]]]]]]]])) <= MAX_METADATA_BYTES + 16
    except orjson.JSONEncodeError:
        return False


class Metadata(fields.Dict):
    """The caller's own JSON object."""

    default_error_messages = {"size": f"At most {MAX_METADATA_BYTES} bytes as JSON, and not nested without end."}  # noqa: RUF012 - marshmallow's way

    def _deserialize(self, value: Any, *context: Any, **options: Any) -> Any:  # noqa: ANN401 - marshmallow's signature
        given: Any = super()._deserialize(value, *context, **options)  # type: ignore[no-untyped-call] # marshmallow's
        if not is_small(given):
            raise self.make_error("size")
        return given


class ToSchema(StrictSchema):
    """Whom to reach: exactly one field."""

    phone = Words(required=True, validate=validate.Length(1, 64), metadata={"example": "+79161234567"})


class SendMessageSchema(StrictSchema):
    """One message."""

    to = fields.Nested(ToSchema, required=True)
    body = Words(required=True, validate=validate.Length(1, MAX_BODY), metadata={"example": "Your code is 4312"})
    purpose = fields.String(required=True, validate=validate.OneOf([purpose.value for purpose in Purpose]))
    reference = Words(validate=validate.Length(1, MAX_REFERENCE), metadata={"description": "Your own id for it."})
    metadata = Metadata(metadata={"description": "Returned in every event."})
    send_at = Moment(metadata={"format": "date-time", "description": "At most 90 days ahead."})
    ttl_seconds = Whole(
        validate=validate.Range(1, MAX_TTL_SECONDS), metadata={"description": "From send_at or now; default 24 h."}
    )
    dedupe = fields.String(
        validate=validate.Equal("reference"),
        metadata={"enum": ["reference"], "description": "Accept one message per reference in 24 h."},
    )


class Fast(msgspec.Struct, forbid_unknown_fields=True):
    """`SendMessageSchema` for the well-formed. A property test holds the two together."""

    class To(msgspec.Struct, forbid_unknown_fields=True):
        """`ToSchema`."""

        phone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

    to: To
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_BODY)]
    purpose: Literal["transactional", "marketing"]
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REFERENCE)] | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    send_at: str | msgspec.UnsetType = msgspec.UNSET
    ttl_seconds: Annotated[int, msgspec.Meta(ge=1, le=MAX_TTL_SECONDS)] | msgspec.UnsetType = msgspec.UNSET
    dedupe: Literal["reference"] | msgspec.UnsetType = msgspec.UNSET


def read_fast(data: Any) -> dict[str, Any] | None:  # noqa: ANN401 - any JSON value
    """Return what `SendMessageSchema().load(data)` returns, or None if the schema has to look at it."""
    try:
        item = msgspec.convert(data, Fast)
        given: dict[str, Any] = {"to": {"phone": item.to.phone}, "body": item.body, "purpose": item.purpose}
        if "\0" in item.body or "\0" in item.to.phone:
            return None
        if item.reference is not msgspec.UNSET:
            given["reference"] = item.reference
            if "\0" in item.reference:
                return None
        if item.metadata is not msgspec.UNSET:
            given["metadata"] = item.metadata
            if not is_small(item.metadata):
                return None
        if item.send_at is not msgspec.UNSET:
            given["send_at"] = read_moment(item.send_at)
        if item.ttl_seconds is not msgspec.UNSET:
            given["ttl_seconds"] = item.ttl_seconds
        if item.dedupe is not msgspec.UNSET:
            given["dedupe"] = item.dedupe
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None
    return given


class PreviewQuestionSchema(StrictSchema):
    """A text, and whom and what it is for, to be judged as a message would be."""

    body = Words(required=True, validate=validate.Length(1, MAX_BODY), metadata={"example": "Your code is 4312"})
    to = fields.Nested(ToSchema)
    purpose = fields.String(validate=validate.OneOf([purpose.value for purpose in Purpose]))


class BatchSchema(StrictSchema):
    """Up to 1 000 messages in one transaction. Each item is judged by itself, as one message would be."""

    messages = fields.List(Unread(SendMessageSchema), required=True, validate=validate.Length(1, MAX_BATCH))


class ReasonSchema(AnswerSchema):
    """Why a message ended as it did."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    provider_code = fields.String(required=True, allow_none=True)


class CostSchema(AnswerSchema):
    """A price."""

    amount = fields.String(required=True, metadata={"example": "0.007900"})
    currency = fields.String(required=True, metadata={"example": "USD"})


class PreviewAccountSchema(AnswerSchema):
    """The provider account that would send it."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    provider = fields.String(required=True)
    sender = fields.String(required=True)


class PreviewSchema(AnswerSchema):
    """What a text takes and costs."""

    channel = fields.String(required=True)
    encoding = fields.String(required=True, metadata={"description": "`GSM-7` or `UCS-2`."})
    segments = fields.Integer(required=True)
    characters = fields.Integer(required=True)
    characters_left = fields.Integer(
        required=True, metadata={"description": "What the last segment still takes, in units of the encoding."}
    )
    unicode_characters = fields.List(
        fields.String(), required=True, metadata={"description": "The characters that force UCS-2."}
    )
    cost = fields.Nested(
        CostSchema, required=True, allow_none=True, metadata={"description": "Null where no price is known."}
    )
    provider_account = fields.Nested(PreviewAccountSchema, required=True, allow_none=True)


class AttemptSchema(AnswerSchema):
    """One hand-over to one provider."""

    id = fields.String(required=True)
    channel = fields.String(required=True)
    provider = fields.String(required=True)
    status = fields.String(required=True)
    provider_message_id = fields.String(required=True, allow_none=True)
    segments = fields.Integer(required=True, allow_none=True)
    cost = fields.Nested(CostSchema, required=True, allow_none=True)
    reason = fields.Nested(ReasonSchema, required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    finished_at = fields.DateTime(required=True, allow_none=True)


class MomentOfSchema(AnswerSchema):
    """One line of the timeline."""

    at = fields.DateTime(required=True)
    kind = fields.String(required=True)
    attempt = fields.String(required=True, allow_none=True)
    provider_code = fields.String(required=True, allow_none=True)


class AddresseeSchema(AnswerSchema):
    """Whom a message is for."""

    phone = fields.String(
        required=True,
        metadata={"description": "In full with `personal_data:read`, masked without.", "example": "+7 916 ***-**-67"},
    )


class RevealedSchema(AnswerSchema):
    """Whom a message is for and what it says, in full."""

    to = fields.Nested(AddresseeSchema, required=True)
    body = fields.String(required=True)


class MessageSchema(AnswerSchema):
    """A message as it stands."""

    id = fields.String(required=True, metadata={"example": "msg_01h455vb4pex5vsknk084sn02q"})
    to = fields.Nested(AddresseeSchema, required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.word for status in Status]))
    final = fields.Boolean(required=True)
    reason = fields.Nested(ReasonSchema, required=True, allow_none=True)
    purpose = fields.String(required=True)
    reference = fields.String(required=True, allow_none=True)
    metadata = fields.Dict(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    send_at = fields.DateTime(required=True, allow_none=True)
    deadline_at = fields.DateTime(required=True)
    attempts = fields.List(fields.Nested(AttemptSchema), required=True)
    timeline = fields.List(fields.Nested(MomentOfSchema), required=True)


class BatchItemSchema(AnswerSchema):
    """One item's outcome: a message or a problem."""

    message = fields.Nested(MessageSchema)
    problem = fields.Dict()


class BatchAnswerSchema(AnswerSchema):
    """The outcomes in the order of the request."""

    data = fields.List(fields.Nested(BatchItemSchema), required=True)


class Statuses(fields.Field[Any]):
    """One or more statuses, separated by commas."""

    def _deserialize(self, value: Any, *_context: Any, **_options: Any) -> list[Status]:  # noqa: ANN401
        words = {status.word: status for status in Status}
        unknown = [word for word in value.split(",") if word not in words]
        if unknown:
            raise ValidationError(f"No such status: {', '.join(unknown)}.")
        return [words[word] for word in value.split(",")]


class PhoneFilter(Words):
    """A phone number, read in the region of the caller's workspace."""

    def _deserialize(self, value: Any, *context: Any, **options: Any) -> Any:  # noqa: ANN401
        try:
            return parse_phone(super()._deserialize(value, *context, **options), current_actor().workspace.region)
        except BadAddress as error:
            raise ValidationError(str(error)) from error


class ListQuerySchema(StrictSchema):
    """Which messages to list."""

    limit = fields.Integer(validate=validate.Range(1, 100), load_default=50)
    after = fields.String(metadata={"description": "`next` of the page before."})
    status = Statuses(metadata={"description": "One or more statuses, separated by commas."})
    reference = Words(metadata={"description": "One or more references, separated by commas."})
    phone = PhoneFilter(metadata={"description": "Whom the message is for."})
    purpose = fields.String(validate=validate.OneOf([purpose.value for purpose in Purpose]))
    channel = fields.String(validate=validate.OneOf([channel.value for channel in Channel]))
    test = fields.Boolean(truthy={"true"}, falsy={"false"}, metadata={"description": "Test messages, or live ones."})
    created_from = Moment(metadata={"format": "date-time"})
    created_to = Moment(metadata={"format": "date-time"})


class MessageListSchema(AnswerSchema):
    """A page of messages, newest first."""

    data = fields.List(fields.Nested(MessageSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class FeedQuerySchema(StrictSchema):
    """Where to go on in the feed."""

    after = fields.String(metadata={"description": "`next` of the page before."})
    limit = fields.Integer(validate=validate.Range(1, 1000), load_default=100)


class NewsSchema(AnswerSchema):
    """One thing that happened."""

    id = fields.String(required=True)
    type = fields.String(required=True, metadata={"example": "message.delivered"})
    at = fields.DateTime(required=True)
    data = fields.Dict(required=True)


class NewsListSchema(AnswerSchema):
    """What happened, oldest first. `next` is where to go on and is never null: the feed has no end."""

    data = fields.List(fields.Nested(NewsSchema), required=True)
    next = fields.String(required=True)
