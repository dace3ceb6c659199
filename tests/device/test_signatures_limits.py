"""Which verifier is asked for which key, and that a key of another kind counts for nothing."""

from test_spki import P256, POINT, RSA

from slotcast import ed25519, p256, rsa_pss
from slotcast.signatures import signing_key
from slotcast.steps import plain

ED25519 = "ab" * 32
# Who verifies: a module, and its function.
VERIFIERS = {"ed25519": (ed25519, "verify_steps"), "p256": (p256, "verify")}
VERIFIERS["rsa"] = (rsa_pss, "verify")


class Key:
    """What metadata.Key has."""

    def __init__(self, keytype, scheme, public):
        self.keytype = keytype
        self.scheme = scheme
        self.public = public


def signed(keytype, scheme, public, answer=True, signature="00"):
    """(what signing_key returns, names of the verifiers that it asked); they say `answer`."""
    asked = []
    genuine = {name: getattr(*verifier) for name, verifier in VERIFIERS.items()}

    def fake(name):
        def verify(*args):
            asked.append(name)
            return answer

        return plain(verify) if name == "ed25519" else verify

    for name, verifier in VERIFIERS.items():
        setattr(*verifier, fake(name))
    try:
        found = signing_key(Key(keytype, scheme, public), signature, lambda write: write(b"x"))
    finally:
        for name, verifier in VERIFIERS.items():
            setattr(*verifier, genuine[name])
    return found, asked


def test_each_type_has_its_verifier():
    assert signed("ed25519", "ed25519", ED25519) == (b"\xab" * 32, ["ed25519"])
    for keytype in ("ecdsa", "ecdsa-sha2-nistp256"):
        assert signed(keytype, "ecdsa-sha2-nistp256", P256) == (POINT, ["p256"])
    found, asked = signed("rsa", "rsassa-pss-sha256", RSA)
    assert found[1] == 65537 and asked == ["rsa"]


def test_a_signature_that_does_not_fit_counts_for_nothing():
    assert signed("ed25519", "ed25519", ED25519, False) == (None, ["ed25519"])
    assert signed("ecdsa", "ecdsa-sha2-nistp256", P256, False) == (None, ["p256"])
    assert signed("rsa", "rsassa-pss-sha256", RSA, False) == (None, ["rsa"])


def test_types_and_schemes_that_do_not_belong_together_count_for_nothing():
    publics = {"ed25519": ED25519, "ecdsa": P256, "ecdsa-sha2-nistp256": P256, "rsa": RSA}
    schemes = ("ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256", "", "rsa-pkcs1v15-sha256")
    right = {("ed25519", "ed25519"), ("rsa", "rsassa-pss-sha256")}
    right |= {(keytype, "ecdsa-sha2-nistp256") for keytype in ("ecdsa", "ecdsa-sha2-nistp256")}
    for keytype in ("ed25519", "ecdsa", "ecdsa-sha2-nistp256", "rsa", "", "ed448"):
        for scheme in schemes:
            if (keytype, scheme) not in right:
                for public in publics.values():
                    assert signed(keytype, scheme, public) == (None, []), (keytype, scheme)


def test_a_key_of_another_kind_than_its_type_counts_for_nothing():
    assert signed("ecdsa", "ecdsa-sha2-nistp256", RSA)[0] is None
    assert signed("rsa", "rsassa-pss-sha256", P256)[0] is None


def test_what_is_malformed_counts_for_nothing():
    for signature in ("0", "zz", "\xe9\xe9"):
        assert signed("ed25519", "ed25519", ED25519, signature=signature) == (None, [])
    for public in ("", "0", "zz", "-----BEGIN PUBLIC KEY-----\n"):
        assert signed("ecdsa", "ecdsa-sha2-nistp256", public) == (None, [])
        assert signed("rsa", "rsassa-pss-sha256", public) == (None, [])
