"""How one accepted message looks in Twilio's API, now and later, and how lists of them are paged."""

import re
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlencode

from channels.simulator.log import Taken
from channels.simulator.scripts import Script
from channels.sms import segments

NAME, CHANNEL, VERSION = "twilio", "sms", "2010-04-01"

_PRICE_PER_SEGMENT = 0.0079
_DEFAULT_PAGE, _LARGEST_PAGE = 50, 1000
_DATE_FILTERS = ("DateSent", "DateSent<", "DateSent>")

# Why a script's message does not arrive.
ERRORS: Mapping[Script, tuple[int, str]] = {
    Script.BOUNCE: (30005, "Unknown destination handset"),
    Script.DEFERRED: (30003, "Unreachable destination handset"),
}
_STAYS_SENT = frozenset({Script.SILENT, Script.GHOST})

Resource = dict[str, object]


class Delays(NamedTuple):
    """How long after acceptance a message counts as sent, and as arrived or not."""

    sent_seconds: float
    final_seconds: float


def status(message: Taken, now: float, delays: Delays) -> str:
    """Say what a look-up says: a matter of age and script, whatever became of the receipts."""
    age = now - message.at
    if message.script is Script.EARLY and age > 0:
        age = delays.final_seconds
    if age < delays.sent_seconds:
        return "queued"
    if age < delays.final_seconds or message.script in _STAYS_SENT:
        return "sent"
    return "undelivered" if message.script in ERRORS else "delivered"


def resource(account: str, message: Taken, now: float, delays: Delays) -> Resource:
    """Build the official shape: counts and prices are strings, dates RFC 2822, nothing priced before it is sent."""
    current = status(message, now, delays)
    is_sent = current != "queued"
    code, text = ERRORS[message.script] if current == "undelivered" else (None, None)
    count = segments.count(message.body).segments
    uri = f"/{VERSION}/Accounts/{account}/Messages/{message.id}"
    sent_at = _date(message.at + delays.sent_seconds) if is_sent else None
    return {
        "account_sid": account,
        "api_version": VERSION,
        "body": message.body,
        "date_created": _date(message.at),
        "date_sent": sent_at,
        "date_updated": sent_at or _date(message.at),
        "direction": "outbound-api",
        "error_code": code,
        "error_message": text,
        "from": message.sender,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(count),
        "price": f"-{count * _PRICE_PER_SEGMENT:.5f}" if is_sent else None,
        "price_unit": "USD" if is_sent else None,
        "sid": message.id,
        "status": current,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def page(path: str, query: Mapping[str, str], newest_first: Iterator[Resource]) -> Resource:
    """Cut one page out of the list, with the links the SDK follows to the next."""
    size = min(max(_number(query.get("PageSize"), _DEFAULT_PAGE), 1), _LARGEST_PAGE)
    number = _number(query.get("Page"), 0)
    matching = (record for record in newest_first if _matches(record, query))
    token = query.get("PageToken")
    rest = _after(matching, token.removeprefix("PA")) if token else islice(matching, number * size, None)
    records = list(islice(rest, size + 1))
    shown, more = records[:size], len(records) > size
    filters = {name: query[name] for name in ("To", "From", *_DATE_FILTERS) if name in query}

    def link(to: int, **extra: str) -> str:
        return f"{path}?" + urlencode({**filters, "PageSize": size, "Page": to, **extra})

    return {
        "end": number * size + max(len(shown) - 1, 0),
        "first_page_uri": link(0),
        "next_page_uri": link(number + 1, PageToken=f"PA{shown[-1]['sid']}") if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": link(number - 1) if number else None,
        "messages": shown,
        "start": number * size,
        "uri": link(number),
    }


def _after(records: Iterator[Resource], sid: str) -> Iterator[Resource]:
    for record in records:
        if record["sid"] == sid:
            break
    return records


def _matches(record: Resource, query: Mapping[str, str]) -> bool:
    if "From" in query and record["from"] != query["From"]:
        return False
    return all(_sent(record["date_sent"], name, query[name]) for name in _DATE_FILTERS if name in query)


def _sent(date_sent: object, relation: str, wanted: str) -> bool:
    """Compare days, as far as `wanted` goes; a message that waits has no date of sending and matches nothing."""
    if date_sent is None:
        return False
    day = time.strftime("%Y-%m-%d", time.strptime(str(date_sent), "%a, %d %b %Y %H:%M:%S +0000"))
    limit = wanted[:10]
    return {"DateSent": day == limit, "DateSent<": day <= limit, "DateSent>": day >= limit}[relation]


def _number(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else default


def _date(at: float) -> str:
    return _date_of_second(int(at))


@lru_cache(maxsize=4096)
def _date_of_second(at: int) -> str:
    return formatdate(at).replace("-0000", "+0000")
