"""The metadata files on a real file system (LittleFS: mptest_files.py)."""

import os
from binascii import hexlify

from check import raises

from slotcast.files import KeptFiles, MetadataFiles


class Folder:
    """A folder that is removed with what is in it."""

    def __enter__(self):
        self.path = "/tmp/slotcast-" + hexlify(os.urandom(8)).decode()
        os.mkdir(self.path)
        return self.path

    def __exit__(self, *error):
        remove_all(self.path)


def remove_all(path):
    try:
        os.remove(path)
    except OSError:
        for name in os.listdir(path):
            remove_all(path + "/" + name)
        os.rmdir(path)


def test_what_was_written_is_read_and_replaced():
    with Folder() as path:
        files = MetadataFiles(path)
        files.write("timestamp", b"one, and longer")
        files.write("timestamp", b"two")
        assert files.read("timestamp") == b"two"
        assert os.listdir(path) == ["timestamp.json"]


def test_a_file_that_is_not_there_is_none():
    with Folder() as path:
        assert MetadataFiles(path).read("root") is None
        assert MetadataFiles(path + "/no/folder").read("root") is None


def test_the_directory_is_made_with_those_above():
    with Folder() as path:
        files = MetadataFiles(path + "/slotcast/metadata/")
        files.write("root", b"x")
        assert os.listdir(path + "/slotcast/metadata") == ["root.json"]


def test_a_left_over_new_file_is_never_read_and_is_replaced():
    with Folder() as path:
        with open(path + "/root.json.new", "wb") as file:
            file.write(b"half of a")
        files = MetadataFiles(path)
        assert files.read("root") is None
        files.write("root", b"whole")
        assert files.read("root") == b"whole"
        assert os.listdir(path) == ["root.json"]


def test_removing_is_not_particular_about_what_is_there():
    with Folder() as path:
        files = MetadataFiles(path)
        files.write("targets", b"x")
        files.remove("targets")
        files.remove("targets")
        assert files.read("targets") is None


def test_other_errors_of_the_file_system_pass_through():
    with Folder() as path:
        os.mkdir(path + "/root.json")
        files = MetadataFiles(path)
        raises(OSError, files.read, "root")
        raises(OSError, files.write, "root", b"x")
        raises(OSError, files.remove, "root")
        raises(OSError, MetadataFiles("/proc/slotcast").write, "root", b"x")


def test_what_a_full_file_system_does_not_take_is_logged_and_no_more():
    log = []
    files = KeptFiles("/dev/null/nowhere", lambda step, text: log.append(text))
    files.write("timestamp", b"{}")
    assert len(log) == 1 and log[0].startswith("timestamp.json is not kept: ")


def test_a_file_that_cannot_be_read_is_not_there_but_for_the_root():
    log = []
    files = KeptFiles("/nowhere", lambda step, text: log.append(text))
    files._path = unreadable
    assert files.read("timestamp") is None
    assert len(log) == 1 and log[0].startswith("timestamp.json cannot be read: ")
    raises(OSError, files.read, "root")


def unreadable(name):
    raise OSError(5)
