"""The shape of reports in REST."""

from datetime import date

from marshmallow import fields, validate

from hub.reports.accounts import State
from hub.reports.attention import Code
from hub.reports.figures import Metric
from hub.web.schemas import AnswerSchema, StrictSchema
from tracking.delivery import Status

FIRST_DAY = date(2020, 1, 1)
A_RATIO = {"description": "A part of one: 0.25 is a quarter."}


class DaySchema(StrictSchema):
    """Which day."""

    day = fields.Date(
        validate=validate.Range(min=FIRST_DAY),
        metadata={"description": "By the clock of the workspace; today if it is not said."},
    )


class SpanSchema(AnswerSchema):
    """Whole hours of a day."""

    day = fields.Date(required=True)
    begins_at = fields.DateTime(required=True)
    ends_at = fields.DateTime(required=True)


class ComparedSchema(SpanSchema):
    """The hours of the same day a week ago that are compared with the day's hours until `until`."""

    until = fields.DateTime(required=True)


class FigureSchema(AnswerSchema):
    """One metric. `compared` and `week_ago` are of the compared hours."""

    metric = fields.String(required=True, validate=validate.OneOf([metric.value for metric in Metric]))
    count = fields.Integer(required=True)
    share = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of `messages`; null for these themselves."}
    )
    compared = fields.Integer(required=True)
    week_ago = fields.Integer(required=True)
    change = fields.Float(required=True, allow_none=True, metadata=A_RATIO)
    by_hour = fields.List(fields.Integer(), required=True)


class OutcomeSchema(AnswerSchema):
    """How many messages of a channel have an outcome. `week_ago` is of the compared hours."""

    channel = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.word for status in Status]))
    count = fields.Integer(required=True)
    week_ago = fields.Integer(required=True)


class AccountStateSchema(AnswerSchema):
    """How a provider account is doing. Failures are of messages accepted in the last hour."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    channel = fields.String(required=True)
    test = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf([state.value for state in State]))
    failed_attempts = fields.Integer(required=True, metadata={"description": "1001 stands for more than 1000."})
    failed_share = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of the workspace's last 1000 attempts of that hour."}
    )
    last_failed_at = fields.DateTime(required=True, allow_none=True)
    ceiling_share = fields.Float(
        required=True, allow_none=True, metadata={"description": "Which part of its monthly ceiling it has spent."}
    )


class AttentionSchema(AnswerSchema):
    """Something that needs a person. `code` is stable; `text` is in the language that the request accepts."""

    code = fields.String(required=True, validate=validate.OneOf([code.value for code in Code]))
    text = fields.String(required=True)
    at = fields.DateTime(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True, metadata={"description": "The id of what it is about."})


class HomeSchema(AnswerSchema):
    """A day in figures, and what needs a person now."""

    span = fields.Nested(SpanSchema, required=True)
    time_zone = fields.String(required=True)
    compared_with = fields.Nested(ComparedSchema, required=True)
    figures = fields.List(fields.Nested(FigureSchema), required=True)
    outcomes = fields.List(fields.Nested(OutcomeSchema), required=True)
    weekdays = fields.List(
        fields.List(fields.Integer()),
        required=True,
        metadata={"description": "Messages handed over in four weeks: seven days from Monday, 24 hours each."},
    )
    provider_accounts = fields.List(fields.Nested(AccountStateSchema), required=True)
    attention = fields.List(fields.Nested(AttentionSchema), required=True)
