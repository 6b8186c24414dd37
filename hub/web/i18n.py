"""Two languages. English is the source text; every feature folder has its own `translations/ru.po`, read at start."""

import functools
import io
import re
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request
from flask_babel import Babel, Domain, get_locale, gettext  # type: ignore[import-untyped] # it has no types

HUB = Path(__file__).parents[1]
LANGUAGES = {"en": "English", "ru": "Русский"}
SOURCE = "en"
PLACE = re.compile(r"\\\{(\w+)\\\}")


class Catalogues(Domain):  # type: ignore[misc] # Flask-Babel has no types
    """The translations of all feature folders as one."""

    def get_translations(self) -> NullTranslations:
        """Return the translations into the request's language."""
        return catalogue(str(get_locale() or SOURCE))


class Languages(Babel):  # type: ignore[misc] # Flask-Babel has no types
    """Flask-Babel, over our catalogues."""

    domain_instance = Catalogues()


def install(app: Flask) -> None:
    """Translate templates and texts into the language of the request, times into the workspace's time zone."""
    Languages().init_app(app, locale_selector=language, timezone_selector=time_zone)
    app.jinja_env.globals.update(LANGUAGES=LANGUAGES, translated=translated)


def language() -> str:
    """Return what the person chose, else the best their browser asks for, else English."""
    chosen = request.cookies.get("language", "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES), SOURCE)


def time_zone() -> str:
    """Return the time zone of the workspace one is in."""
    actor = g.get("actor")
    return str(actor.workspace.time_zone) if actor else "UTC"


def translated(text: str) -> str:
    """Translate a finished text of a service or of marshmallow, also if it was made from a source text with `{…}`."""
    direct: str = gettext(text)
    if direct != text:
        return direct
    for source, pattern in patterns(str(get_locale() or SOURCE)):
        found = pattern.fullmatch(text)
        if found:
            return str(gettext(source).format_map(found.groupdict()))
    return text


@functools.cache
def catalogue(code: str) -> NullTranslations:
    """Read the catalogues of a language; the source language has none."""
    merged = Translations()
    for path in sorted(HUB.glob(f"*/translations/{code}.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=code))
        compiled.seek(0)
        merged.merge(translations := Translations(compiled))
        merged.plural = translations.plural  # `merge` forgets the language's rule
    return merged


@functools.cache
def patterns(code: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return the source texts with `{…}`, each with what its finished texts look like."""
    sources = [text for text in getattr(catalogue(code), "_catalog", {}) if isinstance(text, str) and "{" in text]
    found = [(text, PLACE.sub(r"(?P<\1>.+)", re.escape(text))) for text in sources]
    return [(text, re.compile(pattern, re.DOTALL)) for text, pattern in found if "(?P<" in pattern]
