"""Tests that count on an empty database, or leave one that no other test can use."""

from tests.conftest import client, hub, settings

__all__ = ["client", "hub", "settings"]
