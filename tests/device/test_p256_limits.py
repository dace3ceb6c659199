"""ECDSA P-256 at the edge of comparing mod n: r + n serves as an x below p, and at p no more."""

from test_p256 import B, N, P, _for_r, _public, _root, _signature, _with_r_of

from slotcast.p256 import verify


def test_r_plus_n_that_is_p_is_not_an_x_of_0():
    public = _with_r_of((0, _root(B)))[0]
    r, s, digest = _for_r(P - N, 1, 1)
    assert verify(_public(public), _signature(r, s), digest) is False
