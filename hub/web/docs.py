"""The API's documentation as a page: rendered here from the OpenAPI document, no script, nothing from elsewhere."""

from typing import Any

from flask import Blueprint, Response, current_app, render_template

from hub.web.openapi import operations, schemas

blp = Blueprint("docs", __name__, url_prefix="/api/docs", template_folder="templates")
POLICY = "default-src 'none'; style-src 'self'"


@blp.get("/")
def page() -> Response:
    """Show every operation and every shape."""
    document: dict[str, Any] = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    html = render_template(
        "docs.html", info=document["info"], operations=operations(document), schemas=schemas(document)
    )
    return Response(html, headers={"Content-Security-Policy": POLICY})


@blp.get("/style.css")
def style() -> Response:
    """Give the page its style; the policy allows none inside it."""
    return Response(render_template("docs.css"), content_type="text/css; charset=utf-8")
