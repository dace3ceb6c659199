"""Signatures by the key types that the TUF specification names (section 4.2.2).

Slotcast signs with Ed25519. RSA and ECDSA are for roots whose keys live in hardware or in a cloud's
key service; their modules are loaded when such a key is met, and not before.
"""

from binascii import unhexlify
from hashlib import sha256

from slotcast.steps import finish

_ECDSA = ("ecdsa", "ecdsa-sha2-nistp256")  # The second is what TUF 1.0.0 called it.


def signing_key(key, signature: str, write_message):
    """The public key that made `signature`, in its one normal form; None unless it was `key`.

    By that form a key counts once towards a threshold, however many keyids or spellings it has.

    Args:
        key: a metadata.Key.
        signature: in hex.
        write_message: called with a function write(data), writes the signed bytes through it.

    None, too, for a key or a signature that is malformed, or of a type or scheme that we do not
    know: one that does not count does no harm.
    """
    return finish(signing_key_steps(key, signature, write_message))


def signing_key_steps(key, signature: str, write_message):
    """`signing_key`, in steps; only Ed25519 has some."""
    try:
        signature = unhexlify(signature)
        if (key.keytype, key.scheme) == ("ed25519", "ed25519"):
            return (yield from _ed25519_steps(unhexlify(key.public), signature, write_message))
        if key.keytype in _ECDSA and key.scheme == "ecdsa-sha2-nistp256":
            return _ecdsa(key.public, signature, write_message)
        if (key.keytype, key.scheme) == ("rsa", "rsassa-pss-sha256"):
            return _rsa(key.public, signature, write_message)
    except ValueError:
        pass
    return None


def _ed25519_steps(public, signature, write_message):
    from slotcast import ed25519

    is_right = yield from ed25519.verify_steps(public, signature, write_message)
    return public if is_right else None


def _ecdsa(pem, signature, write_message):
    from slotcast import p256, spki

    kind, point = spki.public_key(pem)
    is_right = kind == "ecdsa" and p256.verify(point, signature, _digest(write_message))
    return point if is_right else None


def _rsa(pem, signature, write_message):
    from slotcast import rsa_pss, spki

    kind, public = spki.public_key(pem)
    if kind != "rsa" or not rsa_pss.verify(public[0], public[1], signature, _digest(write_message)):
        return None
    return public


def _digest(write_message) -> bytes:
    hashed = sha256()
    write_message(hashed.update)
    return hashed.digest()
