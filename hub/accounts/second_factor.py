"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and rescue codes for the day it is lost."""

import base64
import hashlib
import io
import secrets

import qrcode  # type: ignore[import-untyped] # it has no types
import qrcode.image.svg  # type: ignore[import-untyped] # it has no types
from passlib.exc import TokenError  # type: ignore[import-untyped] # it has no types
from passlib.totp import TOTP  # type: ignore[import-untyped] # it has no types
from sqlalchemy.orm import Session

from hub.accounts import users
from hub.accounts.users_store import User
from hub.core.crypto import Vault
from hub.core.problems import Conflict

ISSUER = "Trunkline"
CLOCK_SKEW_SECONDS = 30
RESCUE_CODES = 10
RESCUE_BYTES = 6
GROUP = 4


def new_key() -> str:
    """Make the key that the hub and the app share."""
    return str(TOTP.new().base32_key)


def shown(key: str) -> str:
    """Return a key as a person types it."""
    return str(TOTP(key).pretty_key(sep=" "))


def picture(key: str, email: str) -> str:
    """Return the QR code that an app reads, as an address of data."""
    address = TOTP(key, issuer=ISSUER).to_uri(label=email)
    drawn = io.BytesIO()
    qrcode.make(address, image_factory=qrcode.image.svg.SvgPathFillImage).save(drawn)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode()}"


def step_of(key: str, code: str, last: int | None = None) -> int | None:
    """Return which step of the key this code is, if it is one of now and later than the last that was taken."""
    try:
        match = TOTP(key).match(code.replace(" ", ""), window=CLOCK_SKEW_SECONDS, last_counter=last)
    except TokenError:
        return None
    return int(match.counter)


def turn_on(session: Session, vault: Vault, user: User, key: str, step: int) -> list[str]:
    """Ask for codes from now on; return the rescue codes, which nobody can read again."""
    fresh = users.lock(session, vault, user)
    if fresh and fresh.has_second_factor:
        raise Conflict("The second factor is on already.")
    codes = _new_codes()
    digests = [_digest(code) for code in codes]
    users.update(session, vault, user, second_factor=key, last_code=step, rescue_codes=digests)
    users.write_down(session, vault, user.id, "second_factor.turned_on")
    return codes


def turn_off(session: Session, vault: Vault, user: User) -> None:
    """Let the password be enough again."""
    users.update(session, vault, user, second_factor=None, last_code=None, rescue_codes=())
    users.write_down(session, vault, user.id, "second_factor.turned_off")


def new_rescue_codes(session: Session, vault: Vault, user: User) -> list[str]:
    """Replace the rescue codes; return the new ones, which nobody can read again."""
    codes = _new_codes()
    users.update(session, vault, user, rescue_codes=[_digest(code) for code in codes])
    users.write_down(session, vault, user.id, "rescue_codes.made")
    return codes


def take_code(session: Session, vault: Vault, user: User, code: str) -> bool:
    """Tell whether this is the app's code, and take it: a code that was seen over a shoulder is worth nothing."""
    fresh = users.lock(session, vault, user)
    step = step_of(fresh.second_factor, code, fresh.last_code) if fresh and fresh.second_factor else None
    if fresh is None or step is None:
        return False
    users.update(session, vault, fresh, last_code=step)
    return True


def take_rescue_code(session: Session, vault: Vault, user: User, code: str) -> bool:
    """Tell whether this is a rescue code of the person, and strike it out."""
    fresh = users.lock(session, vault, user)
    digest = _digest(code)
    if fresh is None or digest not in fresh.rescue_codes:
        return False
    left = [kept for kept in fresh.rescue_codes if kept != digest]
    users.update(session, vault, fresh, rescue_codes=left)
    users.write_down(session, vault, user.id, "rescue_code.used", after={"left": len(left)})
    return True


def _new_codes() -> list[str]:
    plain = [secrets.token_hex(RESCUE_BYTES) for _ in range(RESCUE_CODES)]
    return ["-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)) for code in plain]


def _digest(code: str) -> str:
    plain = "".join(character for character in code.lower() if character.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
