from pathlib import Path

import pytest

from publisher.errors import SettingsError
from publisher.files import NewFiles, read_file, write_folder


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_new_files_have_the_modes_that_were_asked_for(tmp_path):
    files = NewFiles()
    files.make_directory(tmp_path / "a" / "keys", 0o700)
    files.create(tmp_path / "a" / "keys" / "k.pem", b"secret", 0o600)
    assert (tmp_path / "a" / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a" / "keys" / "k.pem").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_never_overwritten(tmp_path):
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(SettingsError, match="already exists"):
        NewFiles().create(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"old"


def test_a_private_directory_may_appear_while_it_is_made(tmp_path, monkeypatch):
    def mkdir(path, mode=0o777):
        real(path, mode)
        (path / ".gitignore").write_bytes(b"theirs")
        return real(path, mode)

    real = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", mkdir)
    files = NewFiles()
    files.make_private(tmp_path / "keys")
    monkeypatch.setattr(Path, "exists", lambda path: False)
    files.make_private(tmp_path / "keys")
    files.take_back()
    assert contents(tmp_path) == {"keys/.gitignore": b"theirs"}


def test_a_file_in_the_place_of_a_private_directory_is_named(tmp_path):
    (tmp_path / "keys").write_bytes(b"")
    with pytest.raises(SettingsError, match="keys already exists"):
        NewFiles().make_private(tmp_path / "keys")


def test_taking_back_removes_what_was_created_and_nothing_else(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "mine").write_bytes(b"mine")
    files = NewFiles()
    files.make_directory(tmp_path / "keys", 0o700)
    files.create(tmp_path / "keys" / "new", b"new")
    files.make_directory(tmp_path / "b" / "c", 0o700)
    files.create(tmp_path / "b" / "c" / "new", b"new")
    files.take_back()
    assert contents(tmp_path) == {"keys/mine": b"mine"}
    assert not (tmp_path / "b").exists()


def test_a_folder_appears_whole(tmp_path):
    write_folder(tmp_path / "x" / "out", {"a": b"1", "sub/b": b"2"}, replace=False)
    assert contents(tmp_path) == {"x/out/a": b"1", "x/out/sub/b": b"2"}


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    write_folder(tmp_path / "out", {"a": b"1"}, replace=False)
    assert contents(tmp_path / "out") == {"a": b"1"}


def test_a_folder_with_content_is_refused_and_left(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(SettingsError, match="is not empty") as caught:
        write_folder(tmp_path, {"a": b"new"}, replace=False)
    assert "--force" in caught.value.hint
    assert contents(tmp_path) == {"a": b"old"}


def test_replacing_leaves_the_files_of_other_names(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_bytes(b"old")
    (tmp_path / "out" / "mine").write_bytes(b"mine")
    write_folder(tmp_path / "out", {"a": b"new", "sub/b": b"2"}, replace=True)
    assert contents(tmp_path) == {"out/a": b"new", "out/sub/b": b"2", "out/mine": b"mine"}


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(SettingsError):
        write_folder(tmp_path / "out", {"a": b"1"}, replace=False)
    with pytest.raises(SettingsError):
        write_folder(tmp_path / "out", {"a": b"1"}, replace=True)
    assert (tmp_path / "out").read_bytes() == b"a file"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.bin cannot be read: No such file"):
        read_file(tmp_path / "gone.bin")
