"""Hash bins: every path has one, and the search ends there."""

from test_delegations import BINS

from slotcast.delegations import Delegations


def test_hash_bins_are_searched_alone_and_by_their_one_role():
    found = Delegations({"keys": {}, "succinct_roles": BINS}, b"digest")
    names, is_terminating = found.roles_for("a/b.bin")
    assert is_terminating and len(names) == 1 and names[0].startswith("bin-")
    assert found.role(names[0]).name_of("a/b.bin") == names[0]
