"""The only place that reads the time."""

from datetime import UTC, datetime


def show(moment: datetime) -> str:
    """Write a time in RFC 3339 with `Z`, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> datetime:
    """Return the time as aware UTC."""
    return datetime.now(UTC)
