"""`pkcs11:` signers on our side of the module; tests/hsm crosses it, by `make hsm`."""

import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, TokenFlag, exceptions

from publisher.errors import KeyAccessError
from publisher.signers import Passphrases, load_signers
from publisher.signers.pkcs11 import TokenKey
from publisher.signers.pkcs11_session import Sessions
from publisher.signers.pkcs11_uri import MODULE_ENVIRONMENT, parse
from publisher.signers.remote import RemoteSigner

P256 = bytes.fromhex("06082a8648ce3d030107")
P384 = bytes.fromhex("06052b81040022")
PIN = "84726153"
ENVIRONMENT = {MODULE_ENVIRONMENT: "/usr/lib/module.so", "SLOTCAST_PKCS11_PIN": PIN}


class Thing(dict):
    """A key on the token: its attributes, and what it signs by."""

    key_type = property(lambda self: self[Attribute.KEY_TYPE])
    private = None
    used = ()

    def __missing__(self, name):
        raise exceptions.AttributeTypeInvalid

    def sign(self, data, *, mechanism, pin):
        self.used = (*self.used, (mechanism, pin))
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(data)
        numbers = decode_dss_signature(self.private.sign(data, ECDSA(Prehashed(SHA256()))))
        return b"".join(number.to_bytes(32, "big") for number in numbers)


def pair(private, label="targets", key_id=b"\1", der=True, **more):
    """A private and a public key, as a token holds them."""
    public = private.public_key()
    if isinstance(private, Ed25519PrivateKey):
        kind, parameters, point = KeyType.EC_EDWARDS, b"\x13\x0cedwards25519", None
        point = public.public_bytes_raw()
    else:
        kind, parameters = KeyType.EC, P256
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    named = {Attribute.LABEL: label, Attribute.ID: key_id, Attribute.KEY_TYPE: kind, **more}
    own = Thing({Attribute.CLASS: ObjectClass.PRIVATE_KEY, **named})
    own.private = private
    point = bytes([4, len(point)]) + point if der else point
    shown = {Attribute.EC_PARAMS: parameters, Attribute.EC_POINT: point}
    return [own, Thing({Attribute.CLASS: ObjectClass.PUBLIC_KEY, **named, **shown})]


class FakeToken:
    """A token, also in the part of the session with it; `wrong` is raised by a login."""

    def __init__(self, things, label="slotcast", serial=b"01", flags=0, wrong=None):
        self.things, self.label, self.serial = things, label, serial
        self.flags, self.wrong, self.logins, self.open_now = TokenFlag(flags), wrong, [], 0

    @contextmanager
    def open(self, user_pin):
        assert not self.open_now, "somebody is logged in"
        self.logins.append(user_pin)
        if self.wrong:
            raise self.wrong
        if user_pin not in (PIN, pkcs11.PROTECTED_AUTH):
            raise exceptions.PinIncorrect
        self.open_now += 1
        try:
            yield self
        finally:
            self.open_now -= 1

    def get_objects(self, search):
        for thing in self.things:
            if all(thing.get(name) == value for name, value in search.items()):
                yield thing


def load(*tokens, rest="token=slotcast;object=targets", environment=ENVIRONMENT, ask=None):
    uri = parse(rest, environment)
    module = SimpleNamespace(get_tokens=lambda: iter(tokens))
    key = TokenKey(uri, Sessions(uri, Passphrases(ask, environment), lambda path: module))
    return RemoteSigner(uri.name, key.public(), key.sign)


@pytest.mark.parametrize("der", [True, False])
def test_an_ed25519_key_signs_the_message_itself(der):
    private = Ed25519PrivateKey.generate()
    things = pair(private, der=der)
    token = FakeToken(things)
    signer = load(token)
    assert signer.public_key.keyval["public"] == private.public_key().public_bytes_raw().hex()
    signer.sign(b"m" * 10_000)
    assert things[0].used == ((Mechanism.EDDSA, None),)
    assert token.logins == [PIN, PIN]
    assert not token.open_now


@pytest.mark.parametrize("der", [True, False])
def test_a_p256_key_signs_a_digest_and_its_signature_becomes_der(der):
    things = pair(generate_private_key(SECP256R1()), der=der)
    signer = load(FakeToken(things))
    assert signer.public_key.scheme == "ecdsa-sha2-nistp256"
    for number in range(20):  # the numbers of some begin with zeros, or with a set bit
        signer.sign(b"m%d" % number)
    assert set(things[0].used) == {(Mechanism.ECDSA, None)}


def test_a_key_that_always_wants_the_pin_gets_it():
    things = pair(Ed25519PrivateKey.generate())
    things[0][Attribute.ALWAYS_AUTHENTICATE] = True
    load(FakeToken(things)).sign(b"m")
    assert things[0].used == ((Mechanism.EDDSA, PIN),)


def test_a_pin_is_typed_at_the_token_where_that_has_keys():
    token = FakeToken(
        pair(Ed25519PrivateKey.generate()), flags=TokenFlag.PROTECTED_AUTHENTICATION_PATH
    )
    load(token, environment={MODULE_ENVIRONMENT: "/m.so"})
    assert token.logins == [pkcs11.PROTECTED_AUTH]


def test_a_person_is_asked_for_the_pin_once():
    asked = []

    def ask(prompt):
        asked.append(prompt)
        return PIN

    token = FakeToken(pair(Ed25519PrivateKey.generate()))
    load(token, environment={MODULE_ENVIRONMENT: "/m.so"}, ask=ask).sign(b"m")
    assert asked == ["PIN of token slotcast: "]
    assert token.logins == [PIN, PIN]


def test_where_nobody_can_be_asked_the_variable_is_named():
    def ask(prompt):
        raise KeyAccessError("there is no terminal", "set SLOTCAST_PASSPHRASE")

    token = FakeToken(pair(Ed25519PrivateKey.generate()))
    with pytest.raises(KeyAccessError, match="the PIN of token slotcast is needed") as caught:
        load(token, environment={MODULE_ENVIRONMENT: "/m.so"}, ask=ask)
    assert caught.value.hint == "set SLOTCAST_PKCS11_PIN"


@pytest.mark.parametrize("pin", ["", "1234\udcff", "1234\n"])
def test_what_can_be_no_pin_does_not_spend_a_try(pin):
    token = FakeToken(pair(Ed25519PrivateKey.generate()))
    with pytest.raises(KeyAccessError, match="is empty, or is no plain text") as caught:
        load(token, environment={MODULE_ENVIRONMENT: "/m.so"}, ask=lambda prompt: pin)
    assert "1234" not in str(caught.value)
    assert token.logins == []


def test_a_wrong_pin_is_tried_once_only_and_not_shown():
    token = FakeToken(pair(Ed25519PrivateKey.generate()))
    wrong = {**ENVIRONMENT, "SLOTCAST_PKCS11_PIN": "99887766"}
    with pytest.raises(KeyAccessError, match="the PIN is wrong") as caught:
        load(token, environment=wrong)
    assert token.logins == ["99887766"]
    assert "99887766" not in f"{caught.value} {caught.value.hint}"


def test_a_key_is_found_by_label_by_id_or_by_both():
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    token = FakeToken(pair(first, key_id=b"\1") + pair(second, key_id=b"\2"))
    for rest, key in (("id=%01", first), ("id=%02", second), ("object=targets;id=%02", second)):
        found = load(token, rest=f"token=slotcast;{rest}").public_key.keyval["public"]
        assert found == key.public_key().public_bytes_raw().hex()
    with pytest.raises(KeyAccessError, match="there are 2 such keys") as caught:
        load(token)
    assert "object= and id=" in caught.value.hint


def test_a_public_key_of_another_name_is_found_by_the_private_ones_id():
    own, shown = pair(Ed25519PrivateKey.generate(), label="Private key for Digital Signature")
    shown[Attribute.LABEL] = "Public key for Digital Signature"
    rest = "token=slotcast;object=Private%20key%20for%20Digital%20Signature"
    assert load(FakeToken([own, shown]), rest=rest)


def test_without_ids_labels_tell_which_public_key_is_whose():
    other = pair(Ed25519PrivateKey.generate(), label="other", key_id=b"")
    own = Ed25519PrivateKey.generate()
    signer = load(FakeToken(other + pair(own, key_id=b"")))
    assert signer.public_key.keyval["public"] == own.public_key().public_bytes_raw().hex()


def test_tokens_of_one_label_are_told_apart_by_serial():
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    tokens = [FakeToken(pair(first), serial=b"01  "), FakeToken(pair(second), serial=b"02")]
    with pytest.raises(KeyAccessError, match="there are 2 such tokens") as caught:
        load(*tokens)
    assert caught.value.hint == "add ;serial= with one of 01, 02"
    found = load(*tokens, rest="token=slotcast;serial=01;object=targets").public_key
    assert found.keyval["public"] == first.public_key().public_bytes_raw().hex()


def test_a_token_that_lies_is_found_out():
    things = pair(Ed25519PrivateKey.generate())
    things[0].private = Ed25519PrivateKey.generate()
    with pytest.raises(KeyAccessError, match="gave a signature that its key did not make"):
        load(FakeToken(things)).sign(b"m")


def without_public(things):
    return things[:1]


def of_another_curve(things):
    things[1][Attribute.EC_PARAMS] = P384
    return things


def off_the_curve(things):
    things[1][Attribute.EC_POINT] = b"\4\x41\4" + bytes(64)
    return things


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_public, "no public keys belong to it"),
        (of_another_curve, "is neither an Ed25519 nor a P-256 key"),
        (off_the_curve, "is neither an Ed25519 nor a P-256 key"),
        (lambda things: [], "there is no such private key"),
    ],
)
def test_keys_that_do_not_serve_are_refused(change, says):
    things = change(pair(generate_private_key(SECP256R1())))
    with pytest.raises(KeyAccessError, match=f"^PKCS#11 key targets on token slotcast.*{says}"):
        load(FakeToken(things))


def test_a_token_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(KeyAccessError, match="the token is not there") as caught:
        load(FakeToken([], label="other"), FakeToken([], label=""))
    assert caught.value.hint == "tokens there: other"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (exceptions.PinLocked, "the PIN is locked"),
        (exceptions.PinLenRange, "too short or too long"),
        (exceptions.UserPinNotInitialized, "has no PIN yet"),
        (exceptions.UserAlreadyLoggedIn, "the token is in use"),
        (exceptions.DeviceRemoved, "was taken away"),
        (exceptions.MechanismInvalid, "cannot sign with keys of this kind"),
        (exceptions.GeneralError, "the token answered GeneralError"),
    ],
)
def test_what_a_module_answers_is_put_in_words(wrong, says):
    with pytest.raises(KeyAccessError, match=says):
        load(FakeToken([], wrong=wrong()))


def test_a_module_that_is_missing_is_named():
    environment = {**ENVIRONMENT, MODULE_ENVIRONMENT: "/nowhere/module.so"}
    uri = parse("token=slotcast;object=targets", environment)
    key = TokenKey(uri, Sessions(uri, Passphrases(None, environment)))
    with pytest.raises(KeyAccessError, match="module /nowhere/module.so does not load") as caught:
        key.public()
    assert MODULE_ENVIRONMENT in caught.value.hint


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("token=x;object=y?pin-value=84726153", "a PIN does not belong in a URI"),
        ("token=x;object=y;pin-value=84726153", "a PIN does not belong in a URI"),
        ("token=x;pin-source=file:/x;object=y", "PINs are not read from files"),
        ("object=y", "names no token, or no key on it"),
        ("token=x", "names no token, or no key on it"),
        ("token=x;object", "has an attribute without value, or twice"),
        ("token=x;token=z;object=y", "has an attribute without value, or twice"),
        ("token=x;object=y?PIN-VALUE=84726153", "a PIN does not belong in a URI"),
        ("token=x;object=y?a=b&pin%2Dvalue=84726153", "a PIN does not belong in a URI"),
        ("token=x;object=y?module-path=/m.so;pin-value=84726153", "a PIN does not belong in a URI"),
        ("token=x;object=y;Pin-Source=file:/x;token=z", "PINs are not read from files"),
        ("token=x;object=y;slot-id=3", "has an attribute that is not known here"),
        ("token=x;object=y;84726153=3", "has an attribute that is not known here"),
        ("token=x;object=y;type=public", "names no private key"),
        ("token=x;object=y?module-path=/evil.so", "would have any library loaded"),
        ("token=x;object=y?Module-Name=softhsm2", "would have any library loaded"),
        ("token=x;object=y?vendor=84726153", 'nothing may follow a "?"'),
    ],
)
def test_a_uri_that_does_not_serve_is_refused(rest, says):
    with pytest.raises(KeyAccessError, match=says) as caught:
        parse(rest, {MODULE_ENVIRONMENT: "/m.so"})
    assert PIN not in f"{caught.value} {caught.value.hint}"


def test_a_uri_is_read_as_rfc_7512_writes_it():
    module = {MODULE_ENVIRONMENT: "/usr/m.so"}
    uri = parse("token=My%20HSM;object=a%3Bb;id=%00%ff;type=private", module)
    assert uri == ("My HSM", "", "a;b", b"\0\xff", "/usr/m.so")
    with pytest.raises(KeyAccessError, match="the module's path module.so is relative"):
        parse("token=x;object=y", {MODULE_ENVIRONMENT: "module.so"})
    with pytest.raises(KeyAccessError, match="no PKCS#11 module is named"):
        parse("token=x;object=y", {})


def test_without_python_pkcs11_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    for name in [name for name in sys.modules if name.startswith("publisher.signers.pkcs11")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(KeyAccessError, match="need the package python-pkcs11") as caught:
        load_signers(["pkcs11:token=x;object=y"], tmp_path, Passphrases(None, ENVIRONMENT))
    assert caught.value.hint == "pip install python-pkcs11"
