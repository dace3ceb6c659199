"""Strict JSON: what is taken, and that nothing else is."""

import json

from check import raises

from slotcast.errors import RepositoryError
from slotcast.strict_json import loads

DEEPEST = 10
# 20,000 brackets are longer than any file that a board takes.
HEAP_KIB = 512


def refused(text, says=""):
    data = text if isinstance(text, bytes) else text.encode()
    raises(RepositoryError, loads, data, says=says)


def test_values_of_each_kind_are_read():
    text = ' {"a" : [1, -2 ,0,true,false, null ] ,\r\n"b":{},\t"c":[],"":"" } '
    assert loads(text.encode()) == {"a": [1, -2, 0, True, False, None], "b": {}, "c": [], "": ""}
    for text, value in ((b'"x"', "x"), (b"7", 7), (b"null", None), (b"true", True)):
        assert loads(text) == value


def test_it_reads_what_the_standard_parser_reads():
    value = {"k%d" % i: [i, {"x": '\u00e9 \u4e2d \n \\ " /'}, -i] for i in range(20)}
    assert loads(json.dumps(value).encode()) == value


def test_what_is_not_json_is_refused():
    for text in ("", " ", "{", "[", '"', "]", "}", ",", ":", "{]", "[}", "tru", "nul", "True"):
        refused(text, "not JSON")
    for text in ("[1 2]", "[1,]", "[,1]", '{"a" 1}', '{"a":1,}', "{,}", '{"a":}', '{"a"}'):
        refused(text, "not JSON")
    for text in ("{1:2}", "{a:1}", "{'a':1}", '{"a"::1}', '["a":1]', '{"a","b"}', "[1;2]"):
        refused(text, "not JSON")
    for text in ("{} {}", "1 1", "[]]", "{}x", "null,", '"a""b"', "[]\0"):
        refused(text, "after the end")
    refused(b"\xef\xbb\xbf{}")  # a byte order mark


def test_numbers_are_integers_below_2_to_the_53():
    assert loads(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, 1 - 2**53]
    for text in ("9007199254740992", "-9007199254740992", "1" + "0" * 16, "9" * 5000):
        refused(text, "beyond 2^53")
    for text in ("1.0", "0.5", "1e3", "1E3", "-1.5"):
        refused(text, "no integer")
    for text in ("007", "-", "-a", "00", "-01", "--1"):
        refused(text, "not a number")
    for text in ("+1", ".5", "NaN", "Infinity", "1x", "0x10", "1_000"):
        refused(text)


def test_a_key_may_not_stand_twice_in_one_object():
    assert loads(b'{"a":{"a":1},"b":{"a":2}}') == {"a": {"a": 1}, "b": {"a": 2}}
    refused('{"a":1,"b":2,"a":1}', "second time")
    refused('{"a":1,"\\u0061":2}', "second time")
    refused('[{"x":{"k":1,"k":1}}]', "second time")


def test_nesting_is_limited():
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        loads(opening * (DEEPEST - 1) + b"[]" + closing * (DEEPEST - 1))
        refused(opening * DEEPEST + b"[]" + closing * DEEPEST, "too deep")
        refused(opening * 20000 + b"[]" + closing * 20000, "too deep")
    loads(b"[" + b'[],{"a":1},' * 100 + b"0]")
    loads(b'["' + b"[{" * 50 + b'"]')


def test_escapes_are_resolved():
    assert loads(b'"\\" \\\\ \\/ \\b \\f \\n \\r \\t"') == '" \\ / \b \f \n \r \t'
    assert loads(b'"\\u0041\\u00e9\\u4E2D z"') == "A\u00e9\u4e2d z"
    assert loads(b'"\\\\u0041"') == "\\u0041"
    assert loads(b'"\\\\\\u0041\\\\"') == "\\A\\"
    assert loads(b'"a\\\\"') == "a\\"
    assert loads(b'{"a\\"b":"]"}') == {'a"b': "]"}
    for text in ('"\\x41"', '"\\u12"', '"\\u12g4"', '"\\u+041"', '"\\a"'):
        refused(text, "not JSON")
    for text in ('"\\', '"\\"', '"abc\\\\\\"'):
        refused(text, "without end")


def test_surrogate_pairs_are_joined_and_halves_refused():
    assert loads(b'"x\\ud83d\\ude00y"') == "x\U0001f600y"
    assert loads(b'"\\uD800\\uDC00"') == "\U00010000"
    assert loads('"\U0001f600"'.encode()) == "\U0001f600"
    for half in ("\\ud83d", "\\ude00", "\\ud83d\\ud83d", "\\ud83dx\\ude00", "\\ud83d\\u0041"):
        refused('"%s"' % half, "half of a surrogate pair")
    for half in ("\\ud83d\\\\ude00", "\\ud83d\\n", "\\ude00\\ud83d"):
        refused('"%s"' % half, "half of a surrogate pair")
    refused(b'"\xed\xa0\xbd"')
    refused(b'"ok \xed\x9f\xbf \xed\xa0\xbd\xed\xb8\x80"')
    assert loads(b'"\xed\x9f\xbf"') == "\ud7ff"


def test_strings_hold_no_control_characters_and_only_utf_8():
    for byte in range(0x20):
        refused(b'"a' + bytes((byte,)) + b'"', "control character")
    assert loads(b'"\x7f \xc3\xa9"') == "\x7f \u00e9"
    for text in (
        "\u0080",
        "\u07ff",
        "\u0800",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "\U00010000",
        "\U0010ffff",
    ):
        assert loads(('"a' + text + '"').encode()) == "a" + text
    for wrong in (b"\xff", b"\xc3", b"\xc3a", b"\xe4\xb8", b"\xf0\x9f\x98", b"\x80", b"a\xbf"):
        refused(b'"' + wrong + b'"', "UTF-8")
        refused(b'{"' + wrong + b'":1}', "UTF-8")


def test_characters_in_forms_that_rfc_3629_forbids_are_refused():
    for wrong in (b"\xc0\xa2", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf"):
        refused(b'"' + wrong + b'"', "UTF-8")
    for wrong in (b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80"):
        refused(b'"' + wrong + b'"', "UTF-8")
