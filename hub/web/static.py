"""Our own and the vendored files, kept in memory and served under one hash of them all, so they may be cached for ever.

One hash for the lot lets a style sheet name a font beside it.
"""

import functools
import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import cast

import brotli  # type: ignore[import-untyped] # it has no types
from flask import Blueprint, Flask, Response, abort, current_app, request, url_for
from markupsafe import Markup

FOLDER = Path(__file__).parent / "static"
EXTENSION = "hub-static"
FOR_EVER = "public, max-age=31536000, immutable"
COMPRESSED = frozenset({"text/css", "text/javascript", "image/svg+xml"})
SMALLEST_COMPRESSED = 1024
PAGE_QUALITY = 4
mimetypes.add_type("font/woff2", ".woff2")

blp = Blueprint("static", __name__)


class Files:
    """Every file of a folder. Compressed when first asked for, once in a process."""

    def __init__(self, folder: Path) -> None:
        """Read the folder."""
        self._content = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        names_and_content = b"".join(name.encode() + b"\0" + content for name, content in self._content.items())
        self.digest = hashlib.sha256(names_and_content).hexdigest()[:16]
        self.encoded = functools.cache(self._encoded)

    def __contains__(self, name: str) -> bool:
        """Tell whether there is such a file."""
        return name in self._content

    def _encoded(self, name: str, encoding: str) -> bytes:
        content = self._content[name]
        if encoding == "br":
            return bytes(brotli.compress(content, quality=10))
        return gzip.compress(content, 9, mtime=0) if encoding == "gzip" else content

    def text(self, name: str) -> str:
        """Return a file to be written into a page."""
        return self._content[name].decode()


def install(app: Flask) -> None:
    """Serve the files, and give templates `asset` and `icon`."""
    app.extensions[EXTENSION] = Files(FOLDER)
    app.register_blueprint(blp)
    app.jinja_env.globals.update(asset=asset, icon=icon)
    app.after_request(compress_page)


@blp.get("/static/<digest>/<path:name>")
def file(digest: str, name: str) -> Response:
    """Serve one file. An outdated hash gets the current file, which is then not kept."""
    files = _files()
    if name not in files:
        abort(404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    encoding = accepted_encoding() if kind in COMPRESSED else "identity"
    response = Response(
        files.encoded(name, encoding), content_type=f"{kind}; charset=utf-8" if "text" in kind else kind
    )
    response.headers["Cache-Control"] = FOR_EVER if digest == files.digest else "no-store"
    return _mark(response, encoding)


def asset(name: str) -> str:
    """Return the URL of one of our files."""
    files = _files()
    if name not in files:
        raise LookupError(name)
    return url_for("static.file", digest=files.digest, name=name)


def icon(name: str, *, large: bool = False) -> Markup:
    """Return an icon to stand beside words that say the same, so it is hidden from those who listen."""
    svg = _files().text(f"vendor/icons/{name}.svg")
    inside = svg[svg.index(">") + 1 :].replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
    size = "icon icon-large" if large else "icon"
    start = f'<svg class="{size}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"'
    words = f'{start} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{" ".join(inside.split())}'
    return Markup(words)  # noqa: S704 - a file of ours


def compress_page(response: Response) -> Response:
    """Compress HTML.

    A session's cookie does not travel with requests that other sites make in the background (SameSite), so nobody can
    have a page with a secret compressed beside guesses of theirs often enough to learn it.
    """
    if response.mimetype != "text/html" or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    encoding = accepted_encoding()
    content = response.get_data()
    if encoding == "identity" or len(content) < SMALLEST_COMPRESSED:
        return _mark(response, "identity")
    smaller = (
        brotli.compress(content, quality=PAGE_QUALITY) if encoding == "br" else gzip.compress(content, PAGE_QUALITY)
    )
    response.set_data(smaller)
    return _mark(response, encoding)


def accepted_encoding() -> str:
    """Return the best of what the client reads and we write."""
    return request.accept_encodings.best_match(["br", "gzip", "identity"], "identity")


def _mark(response: Response, encoding: str) -> Response:
    response.vary.add("Accept-Encoding")
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    return response


def _files() -> Files:
    return cast("Files", current_app.extensions[EXTENSION])
