import json
import stat
from pathlib import Path

import pytest

from hub.core import secrets_file
from hub.core.settings import BadSetting, Settings

KEYS = {"HUB_SECRET_KEYS": secrets_file.new_key(), "HUB_INDEX_KEYS": secrets_file.new_key()}


def test_nothing_but_keys_need_be_set():
    settings = Settings.from_environment(KEYS)

    assert ("127.0.0.1", 8000, 8900) == (settings.host, settings.port, settings.simulator_port)
    assert "http://127.0.0.1:8000" == settings.public_url
    assert Path.cwd() / "var" == settings.data_dir
    assert settings.embeds_postgres
    assert settings.embeds_valkey


def test_an_empty_variable_counts_as_absent():
    assert Settings.from_environment(KEYS) == Settings.from_environment({**KEYS, "PORT": "", "DATABASE_URL": ""})


def test_the_sockets_path_fits_however_long_the_data_directory_is():
    """107 bytes is all that a socket's path may have."""
    settings = Settings.from_environment({**KEYS, "DATA_DIR": "/" + "d" * 300})

    folder = settings.database_url.partition("host=")[2]

    assert len(f"{folder}/.s.PGSQL.5432") <= 107


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80a"),
        ("SIMULATOR_PORT", "-1"),
        ("SETTLE_SECONDS", "soon"),
        ("SETTLE_SECONDS", "nan"),
        ("CALLS_IN_FLIGHT", "0"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("REDIS_URL", "http://localhost"),
        ("PUBLIC_URL", "hub.example"),
        ("HUB_SECRET_KEYS", "too short"),
        ("HUB_INDEX_KEYS", "too short"),
    ],
)
def test_a_bad_setting_is_named_and_a_secret_is_not_repeated(name, value):
    with pytest.raises(BadSetting, match=name) as raised:
        Settings.from_environment({**KEYS, name: value})

    assert "hunter2" not in str(raised.value)


def test_settings_do_not_show_their_secrets():
    assert not any(key in repr(Settings.from_environment(KEYS)) for key in KEYS.values())


def test_the_first_run_makes_keys_and_no_later_run_changes_them(tmp_path):
    secrets_file.create_if_absent(tmp_path)
    first = secrets_file.read(tmp_path)
    secrets_file.create_if_absent(tmp_path)

    assert first == secrets_file.read(tmp_path)
    assert 0o600 == stat.S_IMODE((tmp_path / "secrets").stat().st_mode)
    assert first.secret_keys == Settings.from_environment({"DATA_DIR": str(tmp_path)}).secret_keys
    assert ["secrets"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("content", [None, "{", json.dumps({"secret_keys": []})])
def test_without_keys_nothing_starts(tmp_path, content):
    if content is not None:
        (tmp_path / "secrets").write_text(content)

    with pytest.raises(BadSetting, match="HUB_SECRET_KEYS"):
        Settings.from_environment({"DATA_DIR": str(tmp_path)})
