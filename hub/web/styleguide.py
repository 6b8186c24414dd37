"""A page that shows every macro, in whichever theme one looks."""

from flask import Blueprint, render_template

from hub.core.problems import Fault, Unprocessable
from hub.web.forms import Form, errors_of

DAYS = [[3, 8, 21, 34, 55, 40, 22, 9], [0, 6, 18, 41, 60, 38, 19, 12], [2, 9, 25, 30, 48, 51, 27, 14]]

blp = Blueprint("styleguide", __name__, template_folder="templates")


@blp.get("/styleguide")
def page() -> str:
    """Show the macros with believable content."""
    problem = Unprocessable("See errors.", errors=[Fault("/to", "Not a phone number.")])
    refused = Form({"to": "+7 916 12", "body": "Hello"}, errors_of(problem))
    return render_template("styleguide.html", refused=refused, rows_of=rows_of, sent_of_days=DAYS)


def rows_of(labels: list[str], numbers: list[list[int]]) -> list[list[str | int]]:
    """Return a chart's rows, each beginning with its label."""
    return [[label, *row] for label, row in zip(labels, numbers, strict=True)]
