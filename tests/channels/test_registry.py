"""One list of providers, and everything in it is complete."""

import pytest

from channels.registry import ADAPTERS, UnknownProvider, adapter


def test_every_adapter_is_found_by_its_name():
    """Names are unique, and each leads to its class."""
    assert list(ADAPTERS) == [adapter(kind.name) for kind in ADAPTERS]


def test_an_unknown_name_says_which_there_are():
    """A typing mistake in a setting is answered with the names that exist."""
    with pytest.raises(UnknownProvider, match=r"twillio.*there are: .*twilio"):
        adapter("twillio")


@pytest.mark.parametrize("kind", ADAPTERS, ids=lambda kind: kind.name)
def test_a_credential_is_required_or_optional(kind):
    """No field is both, and there is at least one to sign in with."""
    assert kind.credential_fields
    assert not set(kind.credential_fields) & set(kind.optional_credential_fields)
