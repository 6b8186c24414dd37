"""Every act that is written down has words."""

import re
from pathlib import Path

from hub.accounts import words
from hub.accounts.leaver import OWNED

HUB = Path(__file__).parents[2] / "hub"
ACT = re.compile(
    r"""(?:_record|record|_audit|trace|write_down|_write_down|Act)\((?:[^()]|\([^()]*\))*?"([a-z_]+\.[a-z_]+)\"""",
    re.DOTALL,
)


def test_every_act_has_words():
    """In both languages: what stands in `words` is a text like any other."""
    found = {act for path in HUB.rglob("*.py") for act in ACT.findall(path.read_text())}
    found |= {f"{name.removesuffix('s')}.handed_over" for name in OWNED}

    assert {"person.changed", "provider_account.tested", "people.left", "message.cancelled"} <= found
    assert set() == found - set(words.ACTS)


def test_every_act_is_of_a_kind_that_can_be_filtered():
    assert [] == [act for act in words.ACTS if not act.startswith(tuple(words.KINDS))]
