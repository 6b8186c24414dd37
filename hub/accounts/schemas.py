"""The shape of API keys, people, the audit log and the workspace in REST."""

from typing import Any

import phonenumbers
from marshmallow import ValidationError, fields, post_load, validate

from hub.accounts.keys import REQUESTS_PER_MINUTE
from hub.accounts.roles import Role
from hub.accounts.scopes import Purpose, Scope
from hub.accounts.service import time_zones
from hub.web.i18n import LANGUAGES
from hub.web.schemas import Amount, AnswerSchema, Currency, Flag, Moment, StrictSchema, Whole, Words

NAME = validate.Length(1, 100)
MOST_PER_MINUTE = 10_000_000
SCOPE = validate.OneOf(list(Scope), error="There is no such scope.")
PURPOSE = validate.OneOf(list(Purpose), error="There is no such purpose.")
ROLE = validate.OneOf(list(Role), error="There is no such role.")
LANGUAGE = validate.OneOf(list(LANGUAGES))
TYPED_ID = validate.Length(1, 100)
SOME = validate.Length(1, error="Choose at least one.")


class NewKeyCeilingSchema(StrictSchema):
    """An amount of money."""

    amount = Amount(required=True, metadata={"example": "250.00"})
    currency = Currency(required=True, metadata={"example": "EUR"})


class ChangeKeySchema(StrictSchema):
    """What to change; what is left out stays, null takes an expiry or a ceiling away."""

    name = Words(validate=NAME)
    scopes = fields.List(Words(validate=SCOPE), validate=SOME)
    purposes = fields.List(Words(validate=PURPOSE))
    requests_per_minute = Whole(validate=validate.Range(1, MOST_PER_MINUTE))
    monthly_ceiling = fields.Nested(
        NewKeyCeilingSchema,
        allow_none=True,
        metadata={"description": "What its messages may cost in a calendar month (UTC)."},
    )
    expires_at = Moment(allow_none=True, metadata={"format": "date-time"})

    @post_load
    def flatten(self, given: dict[str, Any], **_options: Any) -> dict[str, Any]:  # noqa: ANN401 - marshmallow's signature
        """Return the ceiling as the two columns it is."""
        if "monthly_ceiling" in given:
            ceiling = given.pop("monthly_ceiling") or {}
            given |= {"ceiling_micros": ceiling.get("amount"), "ceiling_currency": ceiling.get("currency")}
        return given


class CreateKeySchema(ChangeKeySchema):
    """A new key. It may do, cost and live no more than its maker."""

    name = Words(required=True, validate=NAME)
    test = Flag(metadata={"description": "Default: as the maker. A test key makes test keys only."})
    scopes = fields.List(
        Words(validate=SCOPE), validate=SOME, metadata={"description": "Default: messages and events."}
    )
    purposes = fields.List(Words(validate=PURPOSE), metadata={"description": "Default: as the maker."})
    requests_per_minute = Whole(
        validate=validate.Range(1, MOST_PER_MINUTE),
        metadata={"description": f"Default: as the key that makes it, or {REQUESTS_PER_MINUTE}."},
    )


class KeyCeilingSchema(AnswerSchema):
    """An amount of money."""

    amount = fields.String(required=True, metadata={"example": "250.00"})
    currency = fields.String(required=True, metadata={"example": "EUR"})


class KeySchema(AnswerSchema):
    """A key. Its secret is not shown again."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata={"description": "How its secret begins."})
    scopes = fields.List(fields.String(), required=True)
    purposes = fields.List(fields.String(), required=True)
    test = fields.Boolean(required=True)
    requests_per_minute = fields.Integer(required=True)
    owner = fields.String(required=True, allow_none=True, metadata={"description": "Who answers for it."})
    monthly_ceiling = fields.Nested(KeyCeilingSchema, required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)
    last_used_at = fields.DateTime(required=True, allow_none=True)


class NewKeySchema(KeySchema):
    """A key that was just made, with its secret: shown this once."""

    secret = fields.String(required=True, metadata={"example": "tl_live_…"})


class KeyListSchema(AnswerSchema):
    """A page of keys, newest first."""

    data = fields.List(fields.Nested(KeySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class InviteSchema(StrictSchema):
    """Whom to offer a place, and as what. The name and language of who has an account already stay theirs."""

    email = Words(required=True, validate=validate.Length(3, 254))
    name = Words(required=True, validate=NAME)
    role = Words(required=True, validate=ROLE)
    language = Words(validate=LANGUAGE)


class ChangePersonSchema(StrictSchema):
    """What somebody is to be here."""

    role = Words(required=True, validate=ROLE)


class LeaveSchema(StrictSchema):
    """Who takes over; needed if anything is handed over. Keys that are not handed over are revoked."""

    hand_over_to = Words(validate=TYPED_ID, metadata={"example": "usr_01h455vb4pex5vsknk084sn02q"})
    hand_over_keys = fields.List(Words(validate=TYPED_ID), load_default=list)


class PersonSchema(AnswerSchema):
    """Somebody who works, or worked, here, or is invited. The email is masked without `personal_data:read`.

    `name` is the email until they accepted; language, second factor and last sign-in are shown of colleagues only.
    """

    id = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
    language = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(["invited", "active", "left"]))
    second_factor = fields.Boolean(required=True, allow_none=True)
    invited_by = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    left_at = fields.DateTime(required=True, allow_none=True)
    last_sign_in_at = fields.DateTime(required=True, allow_none=True)


class InvitedSchema(PersonSchema):
    """Somebody, with the link at which they come in or choose a password: shown this once."""

    link = fields.String(required=True)


class PersonListSchema(AnswerSchema):
    """A page of people, in the order in which the hub came to know them."""

    data = fields.List(fields.Nested(PersonSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class LeftSchema(AnswerSchema):
    """What became of what somebody had."""

    person = fields.Nested(PersonSchema, required=True)
    handed_over_to = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    keys_revoked = fields.List(fields.String(), required=True)
    keys_handed_over = fields.List(fields.String(), required=True)
    provider_accounts = fields.List(fields.String(), required=True, metadata={"description": "Handed over."})
    sessions_ended = fields.Integer(required=True)
    looked_at = fields.Dict(
        required=True, metadata={"description": "How often they looked in the last 30 days, by action."}
    )


class PageQuerySchema(StrictSchema):
    """Which page."""

    limit = fields.Integer(validate=validate.Range(1, 100), load_default=50)
    after = fields.String(metadata={"description": "`next` of the page before."})


class AuditQuerySchema(PageQuerySchema):
    """Which entries to list."""

    actor = Words(metadata={"description": "Who: `usr_…`, `key_…`, `cli`."})
    action = Words(metadata={"description": "One action, or all that begin so: `api_key.`"})
    object = Words(metadata={"description": "What it was done to."})
    since = Moment(data_key="from", metadata={"format": "date-time"})
    until = Moment(data_key="to", metadata={"format": "date-time"})


class EntrySchema(AnswerSchema):
    """One act. Personal values are masked without `personal_data:read`."""

    id = fields.String(required=True)
    at = fields.DateTime(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True)
    object = fields.String(required=True)
    before = fields.Dict(required=True, allow_none=True)
    after = fields.Dict(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)


class EntryListSchema(AnswerSchema):
    """A page of acts, newest first."""

    data = fields.List(fields.Nested(EntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)


def check_region(text: str) -> None:
    """Refuse what is no region (ISO 3166)."""
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError("Not a region; use two letters such as RU or GB.")


def check_time_zone(text: str) -> None:
    """Refuse what is no time zone (IANA)."""
    if text not in time_zones():
        raise ValidationError("Not a time zone; use a name such as Europe/Moscow.")


class ChangeWorkspaceSchema(StrictSchema):
    """What to change; what is left out stays."""

    name = Words(validate=NAME)
    region = Words(validate=check_region, metadata={"description": "ISO 3166: how numbers without + are read."})
    time_zone = Words(validate=check_time_zone, metadata={"description": "IANA: when days begin on screens."})
    language = Words(validate=LANGUAGE)


class WorkspaceSchema(AnswerSchema):
    """The workspace that everything of this key belongs to."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    slug = fields.String(required=True)
    region = fields.String(required=True)
    time_zone = fields.String(required=True)
    language = fields.String(required=True)
    created_at = fields.DateTime(required=True)
