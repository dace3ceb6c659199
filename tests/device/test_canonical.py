"""Canonical JSON, whose bytes are what signatures cover."""

import json

from check import raises

from slotcast import canonical
from slotcast.errors import RepositoryError


def pieces_of(value):
    pieces = []
    canonical.encode(value, lambda piece: pieces.append(bytes(piece)))
    return pieces


def encoded(value):
    return b"".join(pieces_of(value)).decode()


def test_known_values_have_their_known_form():
    assert encoded({"y": 2, "x": 3}) == '{"x":3,"y":2}'
    assert encoded({"A": [99], "B": []}) == '{"A":[99],"B":[]}'
    assert encoded([1, -2, 0, True, False, None, {}, ""]) == '[1,-2,0,true,false,null,{},""]'


def test_only_quote_and_backslash_are_escaped():
    assert encoded('a"b\\c') == '"a\\"b\\\\c"'
    assert encoded("\n\t/\x7f\xe9") == '"\n\t/\x7f\xe9"'


def test_keys_are_sorted_by_code_point():
    keys = ["_type", "a", "B", "10", "9", "\xe9", "z", "\uffee", chr(0x10000), "ab", ""]
    text = encoded(dict.fromkeys(keys, 0))
    order = ["", "10", "9", "B", "_type", "a", "ab", "z", "\xe9", "\uffee", chr(0x10000)]
    assert text == "{" + ",".join('"%s":0' % key for key in order) + "}"


def test_white_space_and_order_of_the_file_do_not_matter():
    one = json.loads(' { "b" : [ 1 , 2 ] , "a" : "x" } ')
    assert encoded(one) == encoded({"a": "x", "b": [1, 2]})


def test_integers_go_to_the_last_that_every_json_reader_keeps():
    largest = 9007199254740991
    assert encoded([largest, -largest]) == "[9007199254740991,-9007199254740991]"
    raises(RepositoryError, encoded, largest + 1, says="2^53")
    raises(RepositoryError, encoded, {"a": [-largest - 1]}, says="2^53")


def test_floats_are_refused():
    raises(RepositoryError, encoded, {"rollout": 0.5}, says="float")
    raises(RepositoryError, encoded, json.loads("[1e3]"), says="float")


def test_keys_that_are_not_strings_are_refused():
    raises(RepositoryError, encoded, {1: "MicroPython's parser lets them pass"}, says="key")


def test_small_pieces_are_gathered_and_long_strings_pass_whole():
    value = {"long": "x" * 1000, "many": ["word"] * 500}
    pieces = pieces_of(value)
    words = ",".join(['"word"'] * 500)
    assert b"".join(pieces).decode() == '{"long":"%s","many":[%s]}' % ("x" * 1000, words)
    assert max(map(len, pieces)) == 1002
    assert sorted(map(len, pieces))[-2] <= 256
    assert len(pieces) <= 18
