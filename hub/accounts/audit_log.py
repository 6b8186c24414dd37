"""Reading the audit log: entries as the API, the screen and the CSV file show them."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.accounts import people_store, store, users
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import audit, clock, ids, masking
from hub.core.audit import Entry, Filter
from hub.core.runtime import Runtime

TEXTS = frozenset({"body", "text", "subject"})
"""Fields of acts that hold what was said to a person."""
HIDDEN = "•••"
CSV_HEAD = ("at", "actor", "action", "object", "before", "after", "address", "request_id", "id")
ROWS_AT_ONCE = 500


def show(entry: Entry, *, in_full: bool) -> dict[str, Any]:
    """Return an entry; without the right to see persons their addresses are masked and texts are left out."""
    act = entry.act
    before, after = (dict(values) if values is not None else None for values in (act.before, act.after))
    return {
        "id": ids.show("aud", entry.id),
        "at": clock.show(entry.at),
        "actor": act.actor,
        "action": act.action,
        "object": act.subject if in_full else masked(act.subject),
        "before": before if in_full else masked(before),
        "after": after if in_full else masked(after),
        "address": entry.address,
        "request_id": entry.request_id,
    }


def masked(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value with every email and phone number in it masked, wherever it is."""
    if isinstance(value, dict):
        return {name: HIDDEN if name in TEXTS and inner else masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return masking.within(value) if isinstance(value, str) else value


def rows(hub: Runtime, actor: Actor, wanted: Filter) -> Iterator[list[str | None]]:
    """Return all entries as rows of a CSV file, a page in a transaction of its own each."""
    while True:
        with hub.db.transaction(actor.workspace_id) as session:
            found = audit.page(session, hub.vault, actor.workspace_id, wanted, ROWS_AT_ONCE)
        for entry in found:
            shown = show(entry, in_full=actor.may(Scope.PERSONAL_DATA_READ))
            yield [_text(shown[name]) for name in CSV_HEAD]
        if len(found) < ROWS_AT_ONCE:
            return
        wanted = replace(wanted, before=found[-1].id)


def _text(value: Any) -> str | None:  # noqa: ANN401 - a part of an entry
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def names(session: Session, hub: Runtime, actor: Actor, found: Collection[str]) -> dict[str, str]:
    """Return what the people and keys of this workspace among these ids are called."""
    by_kind: dict[str, list[UUID]] = {"usr": [], "key": []}
    for text in found:
        prefix = text.partition("_")[0]
        try:
            by_kind.get(prefix, []).append(ids.read(prefix, text))
        except ids.BadId:
            continue
    here = people_store.among(session, actor.workspace_id, by_kind["usr"])
    people = {ids.show("usr", user.id): user.name for user in users.many(session, hub.vault, here).values()}
    keys = store.keys_among(session, actor.workspace_id, by_kind["key"])
    return people | {ids.show("key", key.id): key.name for key in keys}


def changes(entry: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what differs between before and after: name, old, new."""
    before, after = _flat(entry["before"] or {}), _flat(entry["after"] or {})
    both = entry["before"] is not None and entry["after"] is not None
    names = [name for name in {**before, **after} if not both or before.get(name) != after.get(name)]
    return [(name, before.get(name, ""), after.get(name, "")) for name in names]


def ids_in(entries: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return what may be an id in entries that have their changes."""
    values = {
        part for entry in entries for _, *both in entry["changes"] for value in both for part in value.split(", ")
    }
    return values | {entry[name] for entry in entries for name in ("actor", "object")}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}/")
        elif value is not None and value != []:
            found[prefix + name] = ", ".join(map(_word, value)) if isinstance(value, list) else _word(value)
    return found


def _word(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
