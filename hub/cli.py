"""The `hub` command: `.venv/bin/python -m hub.cli --help`."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hub import demo
from hub import worker as work
from hub.accounts import keys as api_keys
from hub.accounts import links, users
from hub.accounts import service as accounts
from hub.accounts import store as accounts_store
from hub.accounts.roles import Role
from hub.accounts.scopes import WORKSPACE_SCOPES, Purpose, Scope
from hub.accounts.service import BadKeyRequest
from hub.core import audit, clock, ids, installation, log, migrate, runtime, secrets_file
from hub.core.installation import WrongKeys
from hub.core.outbox import Lane
from hub.core.problems import HubError
from hub.core.runtime import Runtime
from hub.core.settings import BadSetting, Settings, data_dir, has_keys
from hub.embedded.guard import GuardFailed
from hub.embedded.places import EmbeddedError
from hub.messages import rollups
from hub.operations import backup, rotation
from hub.operations.backup import BackupFailed
from hub.supervision.supervisor import StartFailed
from hub.supervision.up import CannotRun, only_one, up

EXPECTED = (BackupFailed, BadKeyRequest, BadSetting, CannotRun, EmbeddedError, GuardFailed, StartFailed, WrongKeys)


class Commands(click.Group):
    """Tells the operator what is wrong in one sentence, where that is known, instead of a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except EXPECTED as error:
            raise click.ClickException(str(error)) from error
        except HubError as error:
            raise click.ClickException(next((fault.detail for fault in error.errors), error.detail)) from error
        except OperationalError as error:
            message = "PostgreSQL does not answer. Is the hub running, with the same DATA_DIR or DATABASE_URL?"
            raise click.ClickException(message) from error


@click.group(cls=Commands)
def hub() -> None:
    """Trunkline, an omnichannel messaging hub."""
    log.configure(json=not sys.stderr.isatty())


@hub.command("up")
def up_command() -> None:
    """Run everything on this machine until Ctrl-C."""
    up(os.environ)


@hub.command()
@click.argument("lane", type=click.Choice([lane.value for lane in Lane]))
def worker(lane: str) -> None:
    """Do the work of one lane."""
    work.run(Settings.from_environment(os.environ), Lane(lane))


@hub.command()
def relay() -> None:
    """Ring for work that came due and for bells that got lost."""
    work.relay(Settings.from_environment(os.environ))


@hub.command("migrate")
def migrate_command() -> None:
    """Bring the database to this release."""
    migrate.upgrade(_first_settings(os.environ))


@hub.command("demo")
def demo_command() -> None:
    """Make the demo workspace if there is none, and print how to use it."""
    click.echo(demo.prepare(Settings.from_environment(os.environ)))


@hub.command("backup")
@click.argument("file", type=click.Path(path_type=Path, exists=False))
def backup_command(file: Path) -> None:
    """Write the whole database to FILE. The keys are not in it: keep DATA_DIR/secrets apart."""
    backup.backup(Settings.from_environment(os.environ), file)


@hub.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
def restore_command(file: Path) -> None:
    """Fill an empty database from FILE. Sending is held until every open message was looked for."""
    settings = Settings.from_environment(os.environ)
    with only_one(settings.data_dir):
        backup.restore(settings, file)


@hub.command()
def reconcile() -> None:
    """After a restore: tell how much is still in doubt, and end the hold when nothing is."""
    with _running_hub() as running, running.db.across_workspaces() as session:
        left = backup.release_if_reconciled(session)
        because = installation.held_because(session)
    click.echo(f"Sending is held ({because}); {left} attempts are in doubt." if because else "Sending is not held.")


@hub.command()
def release() -> None:
    """End a hold at once, in doubt or not: what was sent before may be sent again."""
    with _running_hub() as running, running.db.across_workspaces() as session:
        installation.release(session)


@hub.command("hold")
@click.argument("reason")
def hold_command(reason: str) -> None:
    """Stop all sending, with the REASON for the next operator."""
    with _running_hub() as running, running.db.across_workspaces() as session:
        installation.hold(session, clock.now(), reason)


@hub.command("new-keys")
def new_keys() -> None:
    """Put new keys in front of those in DATA_DIR/secrets. Restart the hub, then run rotate-keys."""
    kept = secrets_file.read(data_dir(os.environ))
    secrets_file.replace(
        data_dir(os.environ),
        secrets_file.Keys((secrets_file.new_key(), *kept.secret_keys), (secrets_file.new_key(), *kept.index_keys)),
    )


@hub.command("rotate-keys")
def rotate_keys() -> None:
    """Write everything with the newest keys. The hub may run meanwhile."""
    with _running_hub() as running:
        done = rotation.rotate(running)
    click.echo(f"{done.resealed} rows resealed, {done.reindexed} reindexed. 24 hours from now: drop-keys.")


@hub.command("drop-keys")
def drop_keys() -> None:
    """Forget all but the newest keys in DATA_DIR/secrets, after rotate-keys. Restart the hub afterwards.

    Idempotency keys of the last 24 hours are compared under the index key they came with, so wait that long.
    """
    with _running_hub() as running:
        rotation.rotate(running)
    kept = secrets_file.read(data_dir(os.environ))
    secrets_file.replace(data_dir(os.environ), secrets_file.Keys(kept.secret_keys[:1], kept.index_keys[:1]))


@hub.command("rebuild-rollups")
def rebuild_rollups() -> None:
    """Count all messages anew and tell how many counters were wrong."""
    with _running_hub() as running, running.db.as_owner() as session:
        click.echo(f"{rollups.rebuild(session).wrong} counters were wrong.")


@hub.group()
def keys() -> None:
    """Manage API keys."""


@keys.command("create")
@click.option("--workspace", required=True, help="Made if there is none of this name.")
@click.option("--region", default="RU", show_default=True, help="How a new workspace reads numbers without +.")
@click.option("--name", required=True)
@click.option("--test", is_flag=True, help="Through the whole pipeline, to the simulator only.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Default: all of a workspace's.",
)
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    type=click.Choice([purpose.value for purpose in Purpose]),
    help="Default: all.",
)
@click.option("--per-minute", type=click.IntRange(1), default=api_keys.REQUESTS_PER_MINUTE, show_default=True)
@click.option("--days", type=click.IntRange(1), help="Until it expires; default never.")
def create_key(workspace: str, region: str, days: int | None, **options: Any) -> None:  # noqa: ANN401 - click's options
    """Make a key and show it this once."""
    command = api_keys.CreateKey(
        name=options["name"],
        test=options["test"],
        scopes=[Scope(scope) for scope in options["scopes"]] or WORKSPACE_SCOPES,
        purposes=[Purpose(purpose) for purpose in options["purposes"]] or tuple(Purpose),
        requests_per_minute=options["per_minute"],
        expires_at=clock.now() + timedelta(days=days) if days else None,
    )
    with _running_hub() as running, running.db.across_workspaces() as session:
        found = accounts_store.workspace_named(session, workspace)
        home = found or accounts.create_workspace(session, workspace, region)
        _, secret = api_keys.create_key(session, running.vault, home.id, command, actor="cli")
        if command.test:
            demo.connect_simulator(running, session, home.id)
    click.echo(secret)


@keys.command("list")
@click.option("--workspace", required=True)
def list_keys(workspace: str) -> None:
    """Show a workspace's keys, without their secrets."""
    with _running_hub() as running, running.db.across_workspaces() as session:
        home = accounts_store.workspace_named(session, workspace)
        if home is None:
            raise click.ClickException(f"There is no workspace called {workspace}.")
        for key in accounts_store.keys(session, home.id):
            state = "revoked" if key.revoked_at else "test" if key.test else "live"
            used = key.last_used_at.isoformat(timespec="minutes") if key.last_used_at else "never"
            click.echo(f"{key.prefix}…  {state:8}{key.name}  used {used}  {' '.join(key.scopes)}")


@keys.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """End a key by the PREFIX that `keys list` shows; it stops working within two seconds."""
    with _running_hub() as running, running.db.across_workspaces() as session:
        if api_keys.revoke_key(session, running.vault, prefix.rstrip("…"), actor="cli") is None:
            raise click.ClickException("No living key begins so.")


@hub.command("create-user")
@click.argument("email")
@click.option("--workspace", required=True, help="Made if there is none of this name.")
@click.option("--region", default="RU", show_default=True, help="How a new workspace reads numbers without +.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.OWNER.value, show_default=True)
@click.option("--name", default="", help="Default: what stands before the @.")
def create_user(email: str, workspace: str, region: str, role: str, name: str) -> None:
    """Give a person a place in a workspace. Prints the link where a new one chooses a password."""
    with _running_hub() as running, running.db.across_workspaces() as session:
        found = accounts_store.workspace_named(session, workspace)
        home = found or accounts.create_workspace(session, workspace, region)
        known = users.find_by_email(session, running.vault, email)
        user = known or users.create(session, running.vault, email, name or email.partition("@")[0], None)
        users.join(session, home.id, user.id, Role(role), "cli")
        _write_down(session, running, home.id, user.id, "people.invited")
        link = None if user.password else links.password_link(running, session, user, "cli")
    click.echo(link or "They have a password already.")


@hub.command("password-link")
@click.argument("email")
def password_link(email: str) -> None:
    """Print the link where the person with this EMAIL chooses a new password: once, within three days."""
    with _running_hub() as running, running.db.across_workspaces() as session:
        user = users.find_by_email(session, running.vault, email)
        if user is None:
            raise click.ClickException("There is no person with this email.")
        for workspace, _ in users.memberships(session, user.id):
            _write_down(session, running, workspace.id, user.id, "people.link_made")
        click.echo(links.password_link(running, session, user, "cli"))


def _write_down(session: Session, running: Runtime, workspace_id: UUID, user_id: UUID, action: str) -> None:
    act = audit.Act(workspace_id=workspace_id, actor="cli", action=action, subject=ids.show("usr", user_id))
    audit.record(session, running.vault, act)


@contextmanager
def _running_hub() -> Iterator[Runtime]:
    """Connect to the hub's servers."""
    running = runtime.build(Settings.from_environment(os.environ), pool_size=1)
    try:
        yield running
    finally:
        running.db.close()


def _first_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings where the command may be the first that ever runs here: it makes the keys."""
    if not has_keys(environ):
        secrets_file.create_if_absent(data_dir(environ))
    return Settings.from_environment(environ)


if __name__ == "__main__":
    hub()
