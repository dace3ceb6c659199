"""JSON whose brackets, strings and numbers end where they must not."""

from check import raises

from slotcast.errors import RepositoryError
from slotcast.strict_json import loads

REFUSED = "not JSON"


def refused(*texts):
    for text in texts:
        data = text if isinstance(text, bytes) else text.encode()
        raises(RepositoryError, loads, data, says=REFUSED)


def test_only_its_own_bracket_closes():
    refused("[1}", '{"a":1]', "[1", "[1 2", '{"a":1', '{"a":1 "b"', "[", "{", "[1,", '{"a":1,')


def test_a_bracket_closes_once():
    refused("[1]]", '{"a":1}}', "[],", "{}{}", "1 2")


def test_white_space_is_the_four_bytes_of_the_standard():
    assert loads(b" \t\r\n[ 1 ,\t2 ]\n") == [1, 2]
    refused("\x0b1", "\x0c1", "\xa01", "\ufeff1", "1\x00")


def test_half_a_character_is_refused_as_bytes_and_as_an_escape():
    refused(b'"\xed\xa0\x80"', b'"a\xed\xbf\xbf"', b'"\xed\x80\x80\xed\xa0\x80"')
    refused('"\\ud800"', '"\\udc00"', '"\\ud800\\ud800"', '"\\ud800x"', '"\\ud83d \\ude00"')
    refused('"\\udc00\\udc00"', '"\\udfff\\udc00"', '"\\ud800\\ue000"', '"\\udbff\\ue000"')
    assert loads(b'"\xed\x9f\xbf"') == "\ud7ff"
    assert loads(b'"\\ud7ff\\ue000"') == "\ud7ff\ue000"
    assert loads(b'"\\ud800\\udc00"') == loads(b'"\xf0\x90\x80\x80"') == "\U00010000"
    assert loads(b'"\\udbff\\udfff"') == "\U0010ffff"


def test_numbers_reach_to_2_53_exclusive():
    assert loads(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, 1 - 2**53]
    for text in (b"9007199254740992", b"-9007199254740992", b"1" + b"0" * 5000):
        raises(RepositoryError, loads, text, says="beyond 2^53")


def test_a_key_stands_once_however_it_is_written():
    refused('{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"":1,"":2}')
    assert loads(b'{"a":{"a":1},"A":2}') == {"a": {"a": 1}, "A": 2}


def test_control_characters_are_escaped():
    refused(b'"\x1f"', b'"\x00"', b'"a\nb"')
    assert loads(b'"\x7f \\u0000\\u001f"') == "\x7f \x00\x1f"


def test_ten_levels_and_no_more():
    assert loads(b"[" * 10 + b"]" * 10) == [[[[[[[[[[]]]]]]]]]]
    refused("[" * 11 + "]" * 11, '{"a":' * 11 + "1" + "}" * 11, "[" * 20000)
