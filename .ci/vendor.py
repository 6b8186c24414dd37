"""Fetch the front end's third-party files at exact versions into the tree: `make vendor` (needs npm, nothing else does).

Every copied file goes into a list of SHA-256 sums beside it, which the tests check.
"""

import hashlib
import json
import pathlib
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
        "tabler/LICENSE": "@tabler/icons/LICENSE",  # the same author's; the package itself names it in the CSS's first lines
    },
    DEVELOPMENT: {"axe.min.js": "axe-core/axe.min.js", "LICENSE": "axe-core/LICENSE"},
}
ICONS = """
    activity adjustments alert-circle alert-triangle archive arrow-left arrow-right ban bell bell-off brand-telegram building
    building-store calendar chart-bar check checks chevron-down chevron-left chevron-right chevron-up circle-check circle-x
    clock copy credit-card device-floppy device-mobile dots-vertical download edit external-link eye eye-off filter history
    home hourglass info-circle key language list lock login logout mail menu-2 message message-plus messages moon
    player-pause player-play plug-connected plus question-mark refresh search send server settings shield-check
    shield-lock sun sun-moon trash upload user user-minus user-plus users volume volume-off x
""".split()


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
        shutil.copyfile(found / "@tabler/core/dist/css/tabler.min.css", STATIC / "tabler/tabler.min.css")
    for target in FILES:
        write_sums(target)


def fetch(folder):
    """Install the packages; their own scripts are not run."""
    manifest = {"private": True, "dependencies": PACKAGES}
    pathlib.Path(folder, "package.json").write_text(json.dumps(manifest))
    subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)


def write_sums(target):
    files = sorted(path for path in target.rglob("*") if path.is_file())
    lines = [hashlib.sha256(path.read_bytes()).hexdigest() + "  " + path.relative_to(target).as_posix() for path in files]
    (target / "SHA256SUMS").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
