"""Sealing and finding again, also while keys are being changed."""

from uuid import UUID

import pytest
from cryptography.fernet import Fernet, InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from hub.core import ids
from hub.core.crypto import INDEX_BYTES, Vault

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
OLD_INDEX, NEW_INDEX = "o" * 40, "n" * 40
WORKSPACE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
PHONE = "+79161234567"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\0é", max_size=3), inner, max_size=3),
    max_leaves=8,
)


def vault(*secret_keys: str, index_keys: tuple[str, ...] = (OLD_INDEX,)) -> Vault:
    return Vault(secret_keys or (OLD,), index_keys)


@given(VALUES)
def test_a_sealed_value_opens_again(value):
    one = vault()

    assert value == one.unseal(one.seal(value))


def test_the_same_value_is_sealed_differently_each_time():
    """Equal rows do not look equal."""
    one = vault()

    assert 50 == len({one.seal(PHONE) for _ in range(50)})


@given(st.binary(max_size=200))
def test_what_was_not_sealed_here_does_not_open(token):
    with pytest.raises(InvalidToken):
        vault().unseal(token)


def test_a_sealed_value_that_was_changed_does_not_open():
    token = bytearray(vault().seal(PHONE))
    token[40] ^= 1

    with pytest.raises(InvalidToken):
        vault().unseal(bytes(token))


def test_during_a_rotation_both_keys_open_and_the_newest_seals():
    """Old rows are read while new ones are written; who lost the new key cannot read them."""
    before, during, after = vault(OLD), vault(NEW, OLD), vault(NEW)
    old, new = before.seal(PHONE), during.seal(PHONE)

    assert [PHONE, PHONE, PHONE] == [during.unseal(old), during.unseal(new), after.unseal(new)]
    assert [False, True, False] == [before.can_open(new), after.can_open(new), after.can_open(old)]


def test_a_row_that_was_resealed_needs_the_old_key_no_more():
    """And is still the same value."""
    token = vault(NEW, OLD).reseal(vault(OLD).seal({"to": PHONE}))

    assert {"to": PHONE} == vault(NEW).unseal(token)
    assert not vault(OLD).can_open(token)


def test_a_key_that_is_not_known_opens_nothing():
    with pytest.raises(InvalidToken):
        vault(OTHER).unseal(vault(NEW, OLD).seal(PHONE))


@given(st.text(max_size=30), st.text(max_size=30))
def test_equal_values_and_only_they_have_equal_indexes(one, other):
    """Within a workspace, so that an address is found without being readable."""
    assert (one == other) == (vault().index(WORKSPACE, one) == vault().index(WORKSPACE, other))


def test_an_index_tells_nothing_across_workspaces_or_keys():
    """The same number looks different in another workspace and under another key."""
    keys = [(OLD_INDEX,), (NEW_INDEX,)]
    found = {vault(index_keys=key).index(workspace, PHONE) for key in keys for workspace in (WORKSPACE, ids.new())}

    assert ({INDEX_BYTES}, 4) == ({len(index) for index in found}, len(found))


def test_an_index_does_not_depend_on_the_sealing_keys():
    """Rotating one kind of key leaves the other alone."""
    assert vault(OLD).index(WORKSPACE, PHONE) == vault(NEW, OLD).index(WORKSPACE, PHONE)


def test_during_a_reindex_values_are_found_under_both_keys():
    """The newest first, which is the one that is written."""
    before, during = vault(index_keys=(OLD_INDEX,)), vault(index_keys=(NEW_INDEX, OLD_INDEX))

    assert [during.index(WORKSPACE, PHONE), before.index(WORKSPACE, PHONE)] == during.indexes(WORKSPACE, PHONE)


@given(st.binary(max_size=100))
def test_a_digest_is_known_again_during_a_rotation(data):
    """A request under an idempotency key stays the same request while keys change."""
    before, during = vault(index_keys=(OLD_INDEX,)), vault(index_keys=(NEW_INDEX, OLD_INDEX))

    assert during.is_digest_of(before.digest(data), data)
    assert during.is_digest_of(during.digest(data), data)
    assert not during.is_digest_of(before.digest(data + b"x"), data)
    assert not vault(index_keys=(NEW_INDEX,)).is_digest_of(before.digest(data), data)


def test_a_fingerprint_names_a_key_and_does_not_give_it_away():
    assert vault(NEW, OLD).fingerprints == (*vault(NEW).fingerprints, *vault(OLD).fingerprints)
    assert {16} == {len(print_) for print_ in vault(NEW, OLD).fingerprints}
    assert not [print_ for print_ in vault(OLD).fingerprints if print_ in OLD]
