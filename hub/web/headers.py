"""What every page tells the browser it may not do."""

from flask import Flask, Response

from hub.web.context import runtime

SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{directive} {source}" for directive, source in SOURCES.items()),
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TWO_YEARS = "max-age=63072000"


def install(app: Flask) -> None:
    """Give every HTML answer the headers that it has not set itself."""
    app.after_request(protect)


def protect(response: Response) -> Response:
    """Add the headers of a page."""
    if response.mimetype == "text/html":
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if runtime().settings.public_url.startswith("https:"):
            response.headers["Strict-Transport-Security"] = TWO_YEARS
    return response
