"""Fetch the front end's third-party files at exact versions: `make vendor` (needs npm; nothing else does).

Every copied file goes into a list of SHA-256 sums beside it, which the tests check. Of Tabler's style sheet only the
rules are kept that our templates name, and the families in KEPT; a test tells when one is missing. The icons are those
of icons.txt.
"""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
STATIC = TOP / "hub/web/static/vendor"
DEVELOPMENT = TOP / "tests/web/vendor"
PACKAGES = {
    "@fontsource-variable/inter": "5.3.0",
    "@tabler/core": "1.6.1",
    "@tabler/icons": "3.51.0",
    "axe-core": "4.14.1",
    "htmx.org": "4.0.1",
    "purgecss": "8.0.0",
}
FILES = {
    STATIC: {
        "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
        "htmx/LICENSE": "htmx.org/LICENSE",
        "inter/latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
        "inter/cyrillic.woff2": "@fontsource-variable/inter/files/inter-cyrillic-wght-normal.woff2",
        "inter/LICENSE": "@fontsource-variable/inter/LICENSE",
        "icons/LICENSE": "@tabler/icons/LICENSE",
        "tabler/LICENSE": "@tabler/icons/LICENSE",  # the same author's; Tabler's package has none
    },
    DEVELOPMENT: {"axe.min.js": "axe-core/axe.min.js", "LICENSE": "axe-core/LICENSE"},
}
ICONS = (TOP / ".ci/icons.txt").read_text().split()
KEPT = [
    "^(alert|badge|btn|card|col|container|d|flex|form|g|gap|input-group|is|justify|align|row|table|text|w)(-|$)",
    "^bg-(green|orange|red|yellow|blue|azure|secondary)(-lt)?$",
    "^([mp][xytbse]?|fs|fw|lh|h)-",
]
SOURCES = ["hub/**/templates/**/*.html", "hub/web/static/app.js"]


def main():
    with tempfile.TemporaryDirectory() as folder:
        found = pathlib.Path(folder, "node_modules")
        fetch(folder)
        for target, files in FILES.items():
            shutil.rmtree(target, ignore_errors=True)
            for name, source in files.items():
                place = target / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found / source, place)
        for icon in ICONS:
            shutil.copyfile(found / "@tabler/icons/icons/outline" / (icon + ".svg"), STATIC / "icons" / (icon + ".svg"))
        keep_what_is_used(folder, found / "@tabler/core/dist/css/tabler.min.css")
    for target in FILES:
        write_sums(target)


def fetch(folder):
    """Install the packages; their own scripts are not run."""
    manifest = {"private": True, "dependencies": PACKAGES}
    pathlib.Path(folder, "package.json").write_text(json.dumps(manifest))
    subprocess.run(
        ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
    )


def keep_what_is_used(folder, tabler):
    """Write the rules of Tabler that we use, and for the tests the names of all its classes."""
    options = {
        "css": [str(tabler)],
        "content": [str(TOP / place) for place in SOURCES],
        "variables": True,
        "keyframes": True,
    }
    program = "const o = %s; o.safelist = {standard: %s.map((p) => new RegExp(p))};" % (
        json.dumps(options),
        json.dumps(KEPT),
    )
    program += "new (require('purgecss').PurgeCSS)().purge(o).then((r) => process.stdout.write(r[0].css));"
    kept = subprocess.run(["node", "-e", program], cwd=folder, check=True, stdout=subprocess.PIPE).stdout
    (STATIC / "tabler/tabler.min.css").write_bytes(kept)
    names = sorted(set(re.findall(r"\.(-?[a-z][\w-]*)", tabler.read_text())))
    (DEVELOPMENT / "tabler-classes.txt").write_text("\n".join(names) + "\n")


def write_sums(target):
    files = sorted(path for path in target.rglob("*") if path.is_file())
    lines = [
        hashlib.sha256(path.read_bytes()).hexdigest() + "  " + path.relative_to(target).as_posix() for path in files
    ]
    (target / "SHA256SUMS").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
