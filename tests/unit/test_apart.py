from dataclasses import replace

import pytest

from publisher.apart import verify_apart
from publisher.errors import SettingsError
from publisher.settings import EdgeSettings, KeySettings, Settings, StoreSettings


@pytest.fixture
def settings(tmp_path):
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    return Settings(
        product="sensor",
        root_sha256="ab" * 32,
        edge=EdgeSettings("https://updates.example.com/"),
        keys=KeySettings(root=("file:../vault/root.pem",), targets=("file:keys/targets.pem",)),
        directory=home,
    )


def stored_in(settings, path):
    return replace(settings, store=StoreSettings("directory", str(path)))


@pytest.mark.parametrize("path", ["published", "../published", "keys/published", "keyspace"])
def test_a_store_apart_from_private_files_is_accepted(settings, path):
    verify_apart(stored_in(settings, path))


@pytest.mark.parametrize(
    "path", [".", "", "..", "/", "keys", "published/..", ".slotcast", "../vault", "../home/keys/"]
)
def test_a_store_that_holds_a_private_file_is_refused(settings, path):
    with pytest.raises(SettingsError, match="would publish") as caught:
        verify_apart(stored_in(settings, path))
    assert "a directory of its own" in caught.value.hint


def test_links_hide_nothing(settings, tmp_path):
    (tmp_path / "link").symlink_to(settings.directory / "keys")
    with pytest.raises(SettingsError, match="would publish"):
        verify_apart(stored_in(settings, tmp_path / "link"))
    (settings.directory / "keys" / "targets.pem").symlink_to(tmp_path / "other" / "key.pem")
    for folder in ("keys", tmp_path / "other"):
        with pytest.raises(SettingsError, match="would publish"):
            verify_apart(stored_in(settings, folder))


def test_a_bucket_holds_no_local_files(settings):
    verify_apart(replace(settings, store=StoreSettings("s3", "", "fleet")))
