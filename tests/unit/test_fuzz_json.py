"""JSON from anyone on the way: what is accepted means what it means to Python's own parser."""

import json

from fuzzing import examples
from hypothesis import example, given
from hypothesis import strategies as st

from slotcast.errors import RepositoryError
from slotcast.strict_json import loads

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 10

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)
PIECES = [*'{}[]:," \\\n\t01-.eE+/', "true", "false", "null", "nan", "Infinity", "\\u", "\\ud83d"]
PIECES += ["\\ude00", "00e9", "\x00", "\x1f", "\x7f", "\xe9", "\U0001f600", "\ufeff", "9" * 16]
PIECES += ['"a"', '"a":', '"', "{}", "[]", "1", "12", "0x1", "/**/", "'"]


class RefusedError(Exception):
    """Python's parser takes it, the rules of strict_json do not."""


def peer(text):
    """The value by Python's parser, with what it takes too much refused."""
    return json.loads(text, object_pairs_hook=_unique, parse_float=_refuse, parse_constant=_refuse)


def _refuse(_):
    raise RefusedError


def _unique(pairs):
    if len(dict(pairs)) < len(pairs):
        raise RefusedError
    return dict(pairs)


def _has_depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_has_depth, value), default=0) if isinstance(value, list) else 0


def _is_sound(value):
    if isinstance(value, dict):
        return all(_is_sound(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return all(map(_is_sound, value))
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, int) or -MAX_INTEGER <= value <= MAX_INTEGER


def by_rule(data):
    """(value,) where strict_json has to take it, else None."""
    try:
        value = peer(data.decode())
    except (ValueError, RefusedError, RecursionError):
        return None
    return (value,) if _has_depth(value) <= MAX_DEPTH and _is_sound(value) else None


def taken(data):
    try:
        return (loads(data),)
    except RepositoryError:
        return None


def assert_same(data):
    found, wanted = taken(data), by_rule(data)
    assert repr(found) == repr(wanted)  # True is not 1


@examples(300)
@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_what_python_writes_is_read_alike(value, is_ascii, indent):
    assert_same(json.dumps(value, ensure_ascii=is_ascii, indent=indent).encode())


@examples(600)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("[1 2]")
@example("007")
@example("-0")
@example('"\\ud83d\\ude00"')
@example('"\\ud83d"')
@example('{"a":1,"\\u0061":2}')
@example("[" * 10 + "]" * 10)
@example("[" * 11 + "]" * 11)
@example("[" * 20000)
@example("9007199254740991")
@example("9007199254740992")
@example("-9007199254740992")
@example('"\\\\"')
@example('"\\')
def test_fragments_are_judged_alike(text):
    assert_same(text.encode())


@examples(300)
@given(VALUES, st.data())
def test_a_byte_changed_anywhere_is_judged_alike(value, more):
    data = bytearray(json.dumps(value, ensure_ascii=more.draw(st.booleans())).encode())
    at = more.draw(st.integers(0, len(data) - 1))
    data[at : at + more.draw(st.integers(0, 1))] = more.draw(st.binary(max_size=2))
    assert_same(bytes(data))


@examples(200)
@given(st.binary(max_size=40))
@example(b'"\xed\xa0\x80"')
@example(b'"\xc0\xaf"')
@example(b"\xef\xbb\xbf1")
def test_any_bytes_are_judged_alike(data):
    assert_same(data)
