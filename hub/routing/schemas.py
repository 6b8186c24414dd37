"""The shape of provider accounts in REST."""

from marshmallow import fields, validate

from channels import registry
from hub.web.schemas import AnswerSchema, Flag, StrictSchema, Words

PROVIDERS = [adapter.name for adapter in registry.ADAPTERS]
NAME = validate.Length(1, 100)


class AddProviderAccountSchema(StrictSchema):
    """A new account. With `test` it speaks to the simulator and serves test keys only."""

    name = Words(required=True, validate=NAME)
    provider = fields.String(required=True, validate=validate.OneOf(PROVIDERS))
    sender = Words(required=True, validate=validate.Length(1, 64), metadata={"example": "+15005550006"})
    credentials = fields.Dict(keys=Words(), values=Words(validate=validate.Length(1, 500)), required=True)
    test = Flag(metadata={"description": "Default: as the key. A test key makes test accounts only."})


class ChangeProviderAccountSchema(StrictSchema):
    """What to change; what is left out stays."""

    name = Words(validate=NAME)
    sender = Words(validate=validate.Length(1, 64))
    credentials = fields.Dict(keys=Words(), values=Words(validate=validate.Length(1, 500)))
    held = Flag(metadata={"description": "Send nothing through it while true."})


class ProviderAccountSchema(AnswerSchema):
    """An account. Credentials are never shown again."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    provider = fields.String(required=True)
    channel = fields.String(required=True)
    test = fields.Boolean(required=True)
    sender = fields.String(required=True)
    held = fields.Boolean(required=True)
    credential_fields = fields.List(fields.String(), required=True)
    hooks = fields.Dict(required=True, metadata={"description": "The call-back URLs to give to the provider."})
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class ProviderAccountListSchema(AnswerSchema):
    """All accounts, oldest first."""

    data = fields.List(fields.Nested(ProviderAccountSchema), required=True)
    next = fields.String(required=True, allow_none=True)
