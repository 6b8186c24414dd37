import os
import shutil
import stat
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis

from hub.embedded import servers
from hub.embedded.places import EmbeddedError
from hub.embedded.servers import running_servers

ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="about what root must not do")


@pytest.fixture
def folder():
    """Make a folder that others may pass through, as the servers' account must when we are root."""
    path = Path(tempfile.mkdtemp(prefix="trunkline-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_what_was_committed_survives_a_kill(folder):
    """Of both servers, with sessions open, by starting them again at once."""
    with running_servers(folder / "data") as running:
        session = psycopg.connect(running.database_url, autocommit=True)
        session.execute("CREATE TABLE kept AS SELECT 1 AS one")
        redis.Redis.from_url(running.redis_url).set("kept", "1", ex=60)

        for server in (running.postgres, running.valkey):
            server.kill()
        running.postgres.wait_ready(30)
        running.valkey.wait_ready(30)

        with psycopg.connect(running.database_url) as again:
            assert (1,) == again.execute("SELECT one FROM kept").fetchone()
        session.close()


def test_the_order_of_texts_does_not_depend_on_the_machine(folder):
    with running_servers(folder / "data") as running, psycopg.connect(running.database_url) as session:
        found = session.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'hub'"
        ).fetchone()

        assert ("b", "C.UTF-8", "UTF8") == found


def test_an_interrupted_first_run_is_begun_anew(folder):
    draft = folder / "data" / "postgres" / "data.draft"
    with running_servers(folder / "data", keep=True):
        pass
    (draft.parent / "data").rename(draft)
    (draft / "PG_VERSION").unlink()

    with running_servers(folder / "data") as running, psycopg.connect(running.database_url) as session:
        assert ("hub",) == session.execute("SELECT current_user").fetchone()


def test_a_pid_of_yesterday_that_is_another_program_today_does_not_block(folder):
    """A container deals out the same numbers after every start."""
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n")

    servers._forget_dead_postmaster(folder)

    assert not (folder / "postmaster.pid").exists()


@ONLY_ROOT
def test_root_may_keep_its_data_below_a_private_home(folder):
    """The servers' account cannot go there, and nobody opens the home for it: the data lies elsewhere, by a link."""
    home = folder / "home"
    home.mkdir(mode=0o700)

    with running_servers(home / "data", keep=True):
        place = (home / "data" / "postgres").readlink()
    with running_servers(home / "data"):
        assert place == (home / "data" / "postgres").readlink()

    assert 0o700 == stat.S_IMODE(home.stat().st_mode)
    assert not place.exists()


def test_data_of_another_account_are_refused(folder):
    place = folder / "data" / "postgres"
    place.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(place, 1, 1)
    else:
        pytest.skip("only root can give a folder away")

    with pytest.raises(EmbeddedError, match="another user"), running_servers(folder / "data"):
        pass
