"""Twilio's signatures of callbacks, checked by its own SDK over the raw request."""

from collections.abc import Sequence
from urllib.parse import parse_qs

from twilio.request_validator import (  # type: ignore[import-untyped]  # the SDK ships no types
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from channels.errors import BadSignature
from channels.types import WebhookRequest

_FORM = "application/x-www-form-urlencoded"
_ALGORITHMS = frozenset({HMAC_SHA1, HMAC_SHA256})


class Signatures:
    """Accepts what any of the secrets signed, so that a token can be rotated while callbacks are on their way."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._validators = [RequestValidator(secret) for secret in secrets]

    def check(self, request: WebhookRequest) -> None:
        """Raise `BadSignature` unless URL and body are signed with the algorithm the request names."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        signature = headers.get(SIGNATURE_HEADER.lower(), "")
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER.lower()))
        if not signature or algorithm.upper() not in _ALGORITHMS:
            raise BadSignature
        try:
            signed = _signed_part(request.body, headers.get("content-type", ""), request.url)
            valid = any(known.validate(request.url, signed, signature, algorithm) for known in self._validators)
        except ValueError:  # an impossible port, or bytes in no known encoding: Twilio sends neither
            raise BadSignature from None
        if not valid:
            raise BadSignature


class _Form(dict[str, list[str]]):
    """A form with repeated keys, in the shape the SDK's validator looks for."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _signed_part(body: bytes, content_type: str, url: str) -> _Form | str:
    """Return what besides the URL is signed: the form, or for any other body its text, whose hash is in the URL.

    Raises `ValueError` when such a body comes without its hash, or is not in UTF-8.
    """
    if not body or content_type.partition(";")[0].strip().lower() == _FORM:
        return _Form(parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict"))
    if "bodySHA256" not in parse_qs(url.partition("?")[2]):
        raise ValueError("a body that nothing signs")
    return body.decode("utf-8")
