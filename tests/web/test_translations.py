"""Everything a screen says, it says in Russian too."""

import importlib.util
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r"%\(\w+\)[sd]|(?<!\{)\{\w+\}")
RUSSIAN_FORMS = 3

_spec = importlib.util.spec_from_file_location("translations", ROOT / ".ci/translations.py")
assert _spec
assert _spec.loader
translations = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(translations)


def forms_of(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, list | tuple) else [str(text)]


def wrong_with(message: Message) -> str:
    """Say what is wrong with a translation, or nothing."""
    sources, targets = forms_of(message.id), forms_of(message.string)
    if not all(targets) or message.fuzzy:
        return "not translated"
    if isinstance(message.id, tuple) and len(targets) != RUSSIAN_FORMS:
        return "needs its three plural forms"
    if any(set(PLACE.findall(target)) != set(PLACE.findall(sources[-1])) for target in targets):
        return "has other places for values"
    return ""


@pytest.mark.parametrize("folder", translations.folders(), ids=lambda folder: folder.name)
def test_every_text_is_translated(folder):
    """`make translations` brings the catalogue up to date; then translate what it left empty."""
    wanted, catalogue = translations.extracted(folder), translations.current(folder)
    known = {message.id: message for message in catalogue if message.id}

    missing = [message.id for message in wanted if message.id and message.id not in known]
    wrong = [(message.id, wrong_with(message)) for message in known.values() if wrong_with(message)]

    assert ([], []) == (missing, wrong)


def test_one_text_has_one_translation():
    """Features with the same words say the same."""
    found: dict[tuple[object, ...], set[tuple[str, ...]]] = {}
    for folder in translations.folders():
        for message in translations.current(folder):
            key = (tuple(forms_of(message.id)), message.context)
            found.setdefault(key, set()).add(tuple(forms_of(message.string)))

    assert not {key: said for key, said in found.items() if key[0] != ("",) and len(said) > 1}


def test_texts_are_found_where_they_stand():
    """Templates, navigation, services' mistakes, channels: one of each."""
    found = {text for message in translations.extracted(translations.SHELL) for text in forms_of(message.id)}

    assert {
        "Skip to the content",
        "Provider accounts",
        "There is no such choice.",
        "This is not a phone number.",
    } <= found
