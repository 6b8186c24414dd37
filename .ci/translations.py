"""Bring every feature folder's `translations/ru.po` up to date with its texts: `make translations`.

A text of the shell (`hub/web`, with `hub/core` and `channels`) is translated there and nowhere else.
"""

import pathlib

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

TOP = pathlib.Path(__file__).resolve().parent.parent
SHELL = TOP / "hub/web"
BELOW = {SHELL: [TOP / "hub/core", TOP / "channels"]}
LANGUAGE = "ru"
METHODS = [("**/translations/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
PROBLEMS = [
    "BadRequest",
    "Revoked",
    "NameTaken",
    "LastOwner",
    "Conflict",
    "Forbidden",
    "NotFound",
    "TooLarge",
    "TooManyRequests",
    "Unprocessable",
    "BadAddress",
]
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **dict.fromkeys(PROBLEMS),
    "Fault": (2,),
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}
HEADER = """msgid ""
msgstr ""
"Language: ru\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; "
"plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

"""


def main():
    for folder in folders():
        wanted, place = extracted(folder), place_of(folder)
        if not len(wanted) and not place.exists():
            continue
        catalogue = current(folder)
        catalogue.update(wanted, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        place.parent.mkdir(exist_ok=True)
        with place.open("wb") as file:
            file.write(HEADER.encode())
            write_po(file, catalogue, width=100, omit_header=True, sort_output=True, include_lineno=False)


def folders():
    """Return the feature folders that may hold texts."""
    return sorted(path.parent for path in TOP.glob("hub/*/__init__.py") if path.parent not in BELOW[SHELL])


def extracted(folder):
    """Return the texts of a feature folder that its own catalogue must translate."""
    found = texts_of(folder)
    if folder != SHELL:
        for message in texts_of(SHELL):
            found.delete(message.id, message.context)
    return found


def texts_of(folder):
    found = Catalog(locale=LANGUAGE)
    for place in [folder, *BELOW.get(folder, [])]:
        for name, _line, text, _comments, context in extract_from_dir(place, METHODS, OPTIONS, KEYWORDS):
            found.add(text, locations=[((place / name).relative_to(TOP).as_posix(), 0)], context=context)
    return found


def current(folder):
    """Return the catalogue as it is."""
    place = place_of(folder)
    if not place.exists():
        return Catalog(locale=LANGUAGE)
    with place.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def place_of(folder):
    return folder / "translations" / (LANGUAGE + ".po")


if __name__ == "__main__":
    main()
