"""What a text would take and cost, as the networks bill it: the same count that the provider makes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from channels.sms import segments
from channels.types import Channel, Cost
from hub.accounts.service import Actor
from hub.core import ids
from hub.messages.snapshots import show_cost
from hub.routing.directory import directory
from hub.routing.store import ProviderAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A text, counted; and the account that would send it, if there is one."""

    characters: int
    count: segments.SegmentCount
    unicode_characters: Sequence[str]
    account: ProviderAccount | None

    @property
    def cost(self) -> Cost | None:
        """Return the estimate; None where no price is known."""
        price = self.account.segment_price if self.account else None
        return replace(price, micros=self.count.segments * price.micros) if price else None


def preview(actor: Actor, body: str) -> Preview:
    """Count a text, and name the account that would send it now."""
    count = segments.count(body)
    return Preview(
        characters=len(body),
        count=count,
        unicode_characters=segments.outside_gsm(body),
        account=directory().choose(actor.workspace_id, Channel.SMS, test=actor.test),
    )


def show(found: Preview) -> dict[str, Any]:
    """Return the preview as the API writes it."""
    account = found.account
    return {
        "channel": Channel.SMS,
        "encoding": found.count.encoding,
        "segments": found.count.segments,
        "characters": found.characters,
        "characters_left": found.count.left,
        "unicode_characters": found.unicode_characters,
        "cost": show_cost(found.cost.micros, found.cost.currency) if found.cost else None,
        "provider_account": account
        and {
            "id": ids.show("acc", account.id),
            "name": account.name,
            "provider": account.provider,
            "sender": account.sender,
        },
    }
