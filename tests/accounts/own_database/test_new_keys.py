"""People and their sessions outlive the keys that they were sealed with."""

from dataclasses import replace

from cryptography.fernet import Fernet

from hub.app import create_app
from hub.core import runtime
from hub.operations import rotation
from tests.support.people import make_person, sign_in


def test_people_and_sessions_survive_new_keys(hub, settings, client, workspace):
    """After the rotation only the new keys are needed to find a person and to read a session."""
    person = make_person(hub, workspace)
    sign_in(client, person)
    token = client.get_cookie("session").value
    newer = replace(
        settings,
        secret_keys=(Fernet.generate_key().decode(), *settings.secret_keys),
        index_keys=("n" * 40, *settings.index_keys),
    )
    rotating = runtime.build(newer, pool_size=1)
    rotation.rotate(rotating)
    rotating.db.close()

    app = create_app(replace(newer, secret_keys=newer.secret_keys[:1], index_keys=newer.index_keys[:1]))
    fresh = app.test_client()
    fresh.set_cookie("session", token)
    assert 200 == fresh.get("/profile").status_code
    assert 303 == sign_in(app.test_client(), person).status_code
    app.extensions["hub"].db.close()
