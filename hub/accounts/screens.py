"""The one blueprint that all screens of accounts hang on."""

from flask import Blueprint

blp = Blueprint("accounts_screens", __name__, template_folder="templates")
