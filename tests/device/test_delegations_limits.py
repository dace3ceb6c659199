"""Delegations at their edges: classes of a path pattern, and hash bins, one for every path."""

from test_delegations import BINS

from slotcast.delegations import Delegations, matches


def test_hash_bins_are_searched_alone_and_by_their_one_role():
    found = Delegations({"keys": {}, "succinct_roles": BINS}, b"digest")
    names, is_terminating = found.roles_for("a/b.bin")
    assert is_terminating and len(names) == 1 and names[0].startswith("bin-")
    assert found.role(names[0]).name_of("a/b.bin") == names[0]


def test_only_a_bracket_opens_a_class():
    assert matches("ab]", "ab]")
    assert not matches("b", "ab]")


def test_a_bracket_closes_a_class_unless_it_comes_first():
    assert matches("ab]", "[a]b]")
    assert matches("a", "[!]]") and not matches("]", "[!]]")


def test_only_a_hyphen_between_two_characters_makes_a_range():
    assert matches("b", "[a-c]")
    assert not matches("b", "[a_c]") and not matches("b", "[ac-]")
