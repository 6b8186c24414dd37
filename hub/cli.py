"""The `hub` command: `.venv/bin/python -m hub.cli --help`."""

import os
import sys
from collections.abc import Mapping

import click

from hub import worker as work
from hub.core import log, migrate, secrets_file
from hub.core.installation import WrongKeys
from hub.core.outbox import Lane
from hub.core.settings import BadSetting, Settings, data_dir, has_keys
from hub.embedded.places import EmbeddedError
from hub.supervision.guard import GuardFailed
from hub.supervision.supervisor import StartFailed
from hub.supervision.up import CannotRun, up

EXPECTED = (BadSetting, CannotRun, EmbeddedError, GuardFailed, StartFailed, WrongKeys)


class Commands(click.Group):
    """Tells the operator what is wrong in one sentence, where that is known, instead of a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except EXPECTED as error:
            raise click.ClickException(str(error)) from error


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


def _first_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings where the command may be the first that ever runs here: it makes the keys."""
    if not has_keys(environ):
        secrets_file.create_if_absent(data_dir(environ))
    return Settings.from_environment(environ)


if __name__ == "__main__":
    hub()
