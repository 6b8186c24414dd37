"""The least a Flask application can do: JSON in, JSON out. Served by the command that serves the hub."""

from typing import Any

from flask import Flask, request

app = Flask(__name__, static_folder=None)


@app.post("/json")
def answer() -> dict[str, Any]:
    """Read a small JSON object and answer another."""
    given = request.get_json()
    return {"id": "msg_01h455vb4pex5vsknk084sn02q", "status": "accepted", "purpose": given["purpose"]}


@app.post("/form")
def receive() -> tuple[str, int]:
    """Read a body as it comes and answer nothing."""
    request.get_data(cache=False)
    return "", 204


@app.get("/health/live")
def live() -> dict[str, str]:
    """Say that the server is there."""
    return {"status": "ok"}
