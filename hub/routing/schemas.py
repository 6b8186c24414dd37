"""The shape of provider accounts in REST."""

import re
from typing import Any

from marshmallow import fields, post_load, validate

from channels import registry
from channels.types import Cost
from hub.web.schemas import Amount, AnswerSchema, Currency, Flag, StrictSchema, Words
from tracking.spend import State

PROVIDERS = [adapter.name for adapter in registry.ADAPTERS]
NAME = validate.Length(1, 100)
MONEY = ("segment_price", "monthly_ceiling")
CEILING = "What a calendar month (UTC) may cost. From 80 % on it is told, at 100 % nothing more is sent through it."
PRICE = "What a segment costs, counted until the provider tells the cost. In the currency of the ceiling."


class Price(Amount):
    """A price of little things: money to the millionth."""

    pattern = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


class MoneySchema(StrictSchema):
    """An amount of money."""

    amount = Amount(required=True, metadata={"example": "500.00"})
    currency = Currency(required=True, metadata={"example": "USD"})

    @post_load
    def to_cost(self, given: dict[str, Any], **_options: Any) -> Cost:  # noqa: ANN401 - marshmallow's signature
        """Return it in millionths."""
        return Cost(micros=given["amount"], currency=given["currency"])


class PriceSchema(MoneySchema):
    """The price of a segment."""

    amount = Price(required=True, metadata={"example": "0.0079"})


class AddProviderAccountSchema(StrictSchema):
    """A new account. With `test` it speaks to the simulator and serves test keys only."""

    name = Words(required=True, validate=NAME)
    provider = fields.String(required=True, validate=validate.OneOf(PROVIDERS))
    sender = Words(required=True, validate=validate.Length(1, 64), metadata={"example": "+15005550006"})
    credentials = fields.Dict(keys=Words(), values=Words(validate=validate.Length(1, 500)), required=True)
    segment_price = fields.Nested(PriceSchema, allow_none=True, metadata={"description": PRICE})
    monthly_ceiling = fields.Nested(MoneySchema, allow_none=True, metadata={"description": CEILING})
    test = Flag(metadata={"description": "Default: as the key. A test key makes test accounts only."})


class ChangeProviderAccountSchema(StrictSchema):
    """What to change; what is left out stays."""

    name = Words(validate=NAME)
    sender = Words(validate=validate.Length(1, 64))
    credentials = fields.Dict(keys=Words(), values=Words(validate=validate.Length(1, 500)))
    held = Flag(metadata={"description": "Send nothing through it while true."})
    segment_price = fields.Nested(PriceSchema, allow_none=True, metadata={"description": PRICE})
    monthly_ceiling = fields.Nested(MoneySchema, allow_none=True, metadata={"description": CEILING})


class MonthSpendSchema(AnswerSchema):
    """What the account's messages have cost this month, in the currency of its ceiling."""

    month = fields.String(required=True, metadata={"example": "2026-11"})
    amount = fields.String(required=True, metadata={"example": "412.37"})
    currency = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf([state.value for state in State]))


class AccountErrorSchema(AnswerSchema):
    """An attempt that failed at the account."""

    at = fields.DateTime(required=True)
    message = fields.String(required=True, metadata={"example": "msg_01h455vb4pex5vsknk084sn02q"})
    status = fields.String(required=True, metadata={"description": "What is known of the attempt."})
    reason = fields.Dict(required=True, allow_none=True)


class ProviderAccountSchema(AnswerSchema):
    """An account. Credentials are never shown again."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    provider = fields.String(required=True)
    channel = fields.String(required=True)
    test = fields.Boolean(required=True)
    sender = fields.String(required=True)
    held = fields.Boolean(required=True)
    owner = fields.String(required=True, allow_none=True, metadata={"description": "Who looks after it: `usr_…`."})
    segment_price = fields.Nested(PriceSchema, required=True, allow_none=True)
    monthly_ceiling = fields.Nested(MoneySchema, required=True, allow_none=True)
    spend = fields.Nested(MonthSpendSchema, required=True)
    last_errors = fields.List(
        fields.Nested(AccountErrorSchema), required=True, metadata={"description": "Newest first."}
    )
    credential_fields = fields.List(fields.String(), required=True)
    hooks = fields.Dict(required=True, metadata={"description": "The call-back URLs to give to the provider."})
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class ProviderAccountListSchema(AnswerSchema):
    """All accounts, oldest first."""

    data = fields.List(fields.Nested(ProviderAccountSchema), required=True)
    next = fields.String(required=True, allow_none=True)
