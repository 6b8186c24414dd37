"""Texts of the libraries that people see in forms, named here so that they are translated."""


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "translate this later"
    """Mark a text for translation."""
    return text


OF_MARSHMALLOW = (
    N_("Missing data for required field."),
    N_("Field may not be null."),
    N_("Invalid value."),
    N_("Invalid input type."),
    N_("Unknown field."),
    N_("Not a valid string."),
    N_("Not a valid integer."),
    N_("Not a valid number."),
    N_("Not a valid boolean."),
    N_("Not a valid datetime."),
    N_("Not a valid list."),
    N_("Not a valid mapping type."),
    N_("Not a valid URL."),
    N_("Not a valid email address."),
    N_("Shorter than minimum length {min}."),
    N_("Longer than maximum length {max}."),
    N_("Length must be between {min} and {max}."),
    N_("Must be greater than or equal to {min}."),
    N_("Must be less than or equal to {max}."),
    N_("Must be greater than or equal to {min} and less than or equal to {max}."),
    N_("Must be one of: {choices}."),
    N_("String does not match expected pattern."),
    N_("NUL and lone surrogates are not text."),
    N_("Far too many fields."),
    N_("Not an amount such as 100 or 99.50."),
    N_("Not a currency; use three letters such as EUR or RUB."),
    N_("Not a time with offset, such as 2026-11-22T10:00:00+03:00."),
)
