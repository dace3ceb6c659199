"""Deltas that are begun again and again without coming to an end."""

from slotcast.attempts import Attempts


class Files:
    """KeptFiles in memory."""

    def __init__(self, data=None):
        self.data = data

    def read(self, name):
        assert name == "delta"
        return self.data

    def write(self, name, data):
        assert name == "delta"
        self.data = data

    def remove(self, name):
        assert name == "delta" and self.data
        self.data = None


class Entry:
    def __init__(self, head_sha256):
        self.head_sha256 = head_sha256


ONE, OTHER = Entry("11" * 32), Entry("22" * 32)


def board(files):
    """What a board that has just started knows."""
    attempts = Attempts("/nowhere", print)
    attempts._files = lambda: files
    return attempts


def test_a_delta_is_begun_three_times_and_then_no_more():
    files = Files()
    assert [board(files).begin(ONE) for _ in range(5)] == [True] * 3 + [False] * 2


def test_another_delta_counts_from_the_beginning():
    files = Files()
    for _ in range(4):
        board(files).begin(ONE)
    assert board(files).begin(OTHER)
    assert board(files).begin(ONE)


def test_when_an_image_was_brought_the_count_is_gone():
    files = Files()
    for _ in range(3):
        board(files).begin(ONE)
    board(files).ended()
    assert files.data is None
    board(files).ended()
    assert board(files).begin(ONE)


def test_a_count_that_is_damaged_is_none():
    for data in (b"", b"{", b"[]", b"[1]", b'["%s", "3"]' % (b"11" * 32), b"3", b"null"):
        files = Files(data)
        assert board(files).begin(ONE)
        assert not board(Files(b'["%s", 3]' % (b"11" * 32))).begin(ONE)
