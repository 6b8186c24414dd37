"""The OpenAPI document as the application serves it. Run as a program it renews the copy in the documentation."""

import json
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from hub.app import create_app
from hub.core.settings import Settings

COPY = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
RENEW = ".venv/bin/python -m tests.api.openapi_document"


def served() -> dict[str, Any]:
    """Ask an application that has no database: the document needs none."""
    app = create_app(
        Settings(
            database_url="postgresql://nobody@/nothing",
            redis_url="redis://127.0.0.1:1",
            data_dir=Path("var"),
            host="127.0.0.1",
            port=8000,
            simulator_port=8900,
            public_url="http://127.0.0.1:8000",
            secret_keys=(Fernet.generate_key().decode(),),
            index_keys=("i" * 40,),
            settle_seconds=1.0,
            calls_in_flight=1,
            web_workers=1,
        )
    )
    response = app.test_client().get("/api/openapi.json")
    assert 200 == response.status_code
    return dict(response.json or {})


def written(document: dict[str, Any]) -> str:
    """Write the document as the copy has it."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    COPY.parent.mkdir(parents=True, exist_ok=True)
    COPY.write_text(written(served()))
