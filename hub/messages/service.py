"""Accept, read, cancel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson
from psycopg.errors import UniqueViolation
from sqlalchemy.orm import Session

from hub.accounts.scopes import Purpose, Scope
from hub.accounts.service import Actor, ActorKind
from hub.core import audit, clock, idempotency, ids
from hub.core.idempotency import Key
from hub.core.outbox import Lane, Topic
from hub.core.problems import Conflict, Forbidden, HubError, NotFound
from hub.core.runtime import Runtime
from hub.messages import ledger_store, outcomes, store
from hub.messages.commands import SendMessage
from hub.messages.reasons import Verdict
from hub.messages.snapshots import Message, show
from tracking.delivery import IN_DOUBT, Status


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A message that is about to be stored: its row and its answer."""

    id: UUID
    created_at: datetime
    row: dict[str, Any]
    answer: dict[str, Any]
    reference_key: Key | None


class NotCancellable(Conflict):
    """It is too late to take the message back."""

    code = "not_cancellable"
    title = "The message cannot be cancelled"


def draft(hub: Runtime, actor: Actor, command: SendMessage, lane: Lane, now: datetime) -> Draft:
    """Make everything of a message that needs no database."""
    message_id = ids.new()
    status = Status.SCHEDULED if command.send_at else Status.ACCEPTED
    deadline_at = (command.send_at or now) + command.ttl
    message = Message(
        id=message_id,
        api_key_id=actor.id if actor.kind is ActorKind.KEY else None,
        user_id=actor.id if actor.kind is ActorKind.USER else None,
        test=actor.test,
        channel=command.channel,
        to=command.to.e164,
        body=command.body,
        status=status,
        final=False,
        reason_code=None,
        provider_code=None,
        purpose=command.purpose,
        reference=command.reference,
        metadata=command.metadata,
        created_at=now,
        send_at=command.send_at,
        deadline_at=deadline_at,
        finished_at=None,
    )
    row = {
        "id": message_id,
        "status": status.value,
        "channel": command.channel,
        "lane": lane,
        "purpose": command.purpose,
        "reference": command.reference,
        "to_index": hub.vault.index(actor.workspace_id, command.to.e164).hex(),
        "sealed": hub.vault.seal({"to": command.to.e164, "body": command.body, "metadata": command.metadata}).decode(),
        "route": [{"channel": command.channel, "until": "delivered"}],
        "send_at": command.send_at,
        "deadline_at": deadline_at,
    }
    answer = show(message, in_full=actor.may(Scope.PERSONAL_DATA_READ))
    return Draft(message_id, now, row, answer, _reference_key(actor, command))


def lane_of(command: SendMessage) -> Lane:
    """Return the lane of a message that came alone: codes and confirmations go first."""
    return Lane.NOW if command.purpose == Purpose.TRANSACTIONAL else Lane.NORMAL


def accept(
    hub: Runtime,
    actor: Actor,
    drafts: Sequence[Draft],
    key: Key | None,
    answer: Any,  # noqa: ANN401 - JSON
) -> tuple[Any, bool]:
    """Store the drafts and return `answer` and False; or the answer to the same request before, and True.

    Raises `KeyReused` when the key came with another request, `SpendCeiling` when nothing more may be spent.
    """
    actor.demand_funds()
    parameters = _parameters(hub, actor, drafts, key, answer)
    for _attempt in range(2):
        try:
            hub.db.execute_once(store.ACCEPT, parameters)
        except UniqueViolation as error:
            if key is None or not idempotency.is_taken(error):
                raise
            with hub.db.transaction(actor.workspace_id) as session:
                earlier = idempotency.find(session, hub.vault, key)
                if earlier is not None:
                    return earlier, True
                idempotency.forget_expired(session, key, clock.now())
        else:
            ring(hub, drafts)
            return answer, False
    raise Conflict("The same request is being worked on. Ask again.", retry_after_seconds=1)


def ring(hub: Runtime, drafts: Sequence[Draft]) -> None:
    """Wake the workers of what was just committed."""
    for lane in {draft.row["lane"] for draft in drafts if draft.row["send_at"] is None}:
        hub.bells.ring(Topic.SEND, lane)


def accept_with_references(
    hub: Runtime,
    actor: Actor,
    items: Sequence[Draft | HubError],
    key: Key | None,
    show_item: Callable[[Draft | HubError | dict[str, Any]], dict[str, Any]],
) -> tuple[Any, bool]:
    """Store the drafts whose reference is new and return `{"data": [...]}`, one entry per item, and False.

    A reference of the last 24 hours gives its first answer again, or a problem if the message differs.
    """
    actor.demand_funds()
    stored: list[Draft] = []

    def produce(session: Session) -> dict[str, Any]:
        drafts = [item for item in items if isinstance(item, Draft)]
        decided = dict(zip(drafts, _take_references(hub, session, actor, drafts), strict=True))
        stored.extend(draft for draft, outcome in decided.items() if outcome is draft)
        store.accept(session, _parameters(hub, actor, stored, None, None))
        return {"data": [show_item(decided[item] if isinstance(item, Draft) else item) for item in items]}

    answer, replayed = idempotency.once(hub.db, hub.vault, key, produce, actor.workspace_id)
    if not replayed:
        ring(hub, stored)
    return answer, replayed


def _take_references(
    hub: Runtime, session: Session, actor: Actor, drafts: Sequence[Draft]
) -> list[Draft | HubError | dict[str, Any]]:
    """Decide for each draft: itself if it is new, the answer if it came before, or the problem it has.

    Of twins in one list the first is new and the others came before.
    """
    first: dict[str, Draft] = {}
    for draft in drafts:
        if draft.reference_key:
            first.setdefault(draft.reference_key.key, draft)
    now = clock.now()
    keys = [cast("Key", draft.reference_key) for _, draft in sorted(first.items())]
    idempotency.forget_expired_many(session, keys, now)
    rows = [
        {
            "key": key.key,
            "digest": hub.vault.digest(key.content).hex(),
            "sealed": hub.vault.seal(first[key.key].answer).decode(),
        }
        for key in keys
    ]
    free = store.take_references(session, workspace=actor.workspace_id, api_key=actor.id, now=now, keys=rows)
    new = {first[name].id for name in free}
    old = [draft for draft in drafts if draft.reference_key and draft.id not in new]
    answers = idempotency.find_many(session, hub.vault, [cast("Key", draft.reference_key) for draft in old])
    earlier = dict(zip(old, answers, strict=True))
    return [earlier.get(draft, draft) for draft in drafts]


def find(hub: Runtime, session: Session, actor: Actor, message_id: UUID) -> Message:
    """Return a message of the actor's workspace or raise `NotFound`; a test key sees test messages only."""
    message = store.find(session, hub.vault, actor.workspace_id, message_id)
    if message is None or (actor.test and not message.test):
        raise NotFound("No such message.")
    return message


def reveal(hub: Runtime, session: Session, actor: Actor, message_id: UUID) -> Message:
    """Return a message whose address and text the actor looks at, and write the look down; or raise `Forbidden`."""
    message = find(hub, session, actor, message_id)
    if not (actor.may(Scope.PERSONAL_DATA_READ) or actor.may(Scope.PERSONAL_DATA_REVEAL)):
        raise Forbidden("You may not see addresses and texts.")
    trace(hub, session, actor, "message.revealed", ids.show("msg", message_id))
    return message


def trace(hub: Runtime, session: Session, actor: Actor, action: str, subject: str, **after: Any) -> None:  # noqa: ANN401 - JSON
    """Write down that the actor did something with messages, if only looked at them."""
    act = audit.Act(
        workspace_id=actor.workspace_id, actor=actor.name, action=action, subject=subject, after=after or None
    )
    audit.record(session, hub.vault, act)


def cancel(hub: Runtime, session: Session, actor: Actor, message_id: UUID) -> Message:
    """Take a message back, or raise `NotCancellable` if a provider has it or may have it."""
    find(hub, session, actor, message_id)
    keys = [(actor.workspace_id, message_id)]
    locked = ledger_store.lock(session, keys)
    tries = ledger_store.tries(session, keys).get(message_id, [])
    in_doubt = any(attempt.status in IN_DOUBT for attempt in tries)
    for message in locked:
        if in_doubt:
            raise NotCancellable("A provider is being called with it, or may have it.")
        if message.status is not Status.CANCELLED and message.status >= Status.SENT:
            raise NotCancellable("It is {status} already.".format(status=message.status.word))
    still_open = [message for message in locked if not message.final]
    outcomes.end(session, still_open, Status.CANCELLED, Verdict.CANCELLED, clock.now())
    if still_open:
        trace(hub, session, actor, "message.cancelled", ids.show("msg", message_id))
    return find(hub, session, actor, message_id)


def _parameters(
    hub: Runtime,
    actor: Actor,
    drafts: Sequence[Draft],
    key: Key | None,
    answer: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    keys = []
    if key:
        digest = hub.vault.digest(key.content).hex()
        sealed = hub.vault.seal(answer).decode()
        keys = [{"kind": key.kind, "key": key.key, "digest": digest, "sealed": sealed}]
    now = drafts[0].created_at if drafts else clock.now()
    return store.parameters_of(actor, [draft.row for draft in drafts], keys, now)


def _reference_key(actor: Actor, command: SendMessage) -> Key | None:
    if not (command.once_per_reference and command.reference):
        return None
    same = [command.to.e164, command.body, command.purpose, command.metadata, command.send_at, str(command.ttl)]
    return Key(
        workspace_id=actor.workspace_id,
        api_key_id=actor.id,
        kind="reference",
        key=command.reference,
        content=orjson.dumps(same, option=orjson.OPT_SORT_KEYS),
    )
