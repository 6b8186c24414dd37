"""What a CRM, a provider or a colleague writes is shown as text on every screen and never becomes a part of a page."""

import pytest

from hub.accounts.roles import Role
from tests.api.making import run
from tests.every_screen.world import make_world, signed_in
from tests.support.people import make_person

EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'{{7*7}}</textarea></title><svg onload=alert(1)>",
    "javascript:alert(1)//%0d%0aSet-Cookie:x=1",
)
PROVIDER_SAYS = """
    INSERT INTO attempts (workspace_id, message_id, number, channel, provider, provider_account_id, sender, status,
                          marked_at, finished_at, provider_message_id, reason_code, provider_code)
    SELECT m.workspace_id, m.id, 1, 'sms', :evil, a.id, :evil, 70, now(), now(), :evil, :evil, :evil
    FROM messages m JOIN provider_accounts a USING (workspace_id) WHERE m.workspace_id = :workspace
"""
LIES = {"<script>alert(1)", "<img src=x", "<svg onload", "49</textarea>", 'href="javascript:', "href='javascript:"}


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_becomes_markup(hub, app, screens, evil):
    """In names of keys, accounts, people and workspaces, in every field of a message and of what a provider says."""
    message = {"body": evil, "reference": evil, "metadata": {evil: evil}}
    world = make_world(hub, app.test_client(), name=evil, **message)
    run(hub, PROVIDER_SAYS, evil=evil, workspace=world.workspace.id)
    run(
        hub,
        "UPDATE messages SET status = 70, final = true, reason_code = :evil, provider_code = :evil"
        " WHERE workspace_id = :workspace",
        evil=evil,
        workspace=world.workspace.id,
    )
    run(hub, "UPDATE workspaces SET name = :evil WHERE id = :workspace", evil=evil, workspace=world.workspace.id)
    client = signed_in(app, make_person(hub, world.workspace, Role.OWNER, name=evil))
    shown, wrong = 0, {}

    for screen in (screen for screen in screens if screen.method == "GET"):
        response = client.get(screen.of(world.values), query_string={"q": evil, "reference": evil, "action": evil})
        shown += "alert(1)" in response.text
        if response.status_code >= 500 or any(lie in response.text for lie in LIES if response.mimetype == "text/html"):
            wrong[screen.path] = response.status_code

    assert {} == wrong
    assert shown > 10
