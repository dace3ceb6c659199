"""`slotcast root key`: a key that never leaves the machine of the person whose it is."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import SSlibKey

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.files import NewFiles, verify_new
from publisher.signers.passphrases import Passphrases
from publisher.signers.pkcs8 import to_pem


def make_key(arguments: Arguments, context: Context) -> Result:
    """Write a new private key for its owner's eyes, and its public half for all."""
    path = arguments.file
    public_path = path.with_suffix(".pub")
    for new in (path, public_path):
        verify_new(new, replace=False)
    passphrase = Passphrases(context.ask, context.environment).choose()
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    files = NewFiles()
    try:
        files.create(path, to_pem(key, passphrase), 0o600)
        files.create(public_path, public)
    except BaseException:
        files.take_back()
        raise
    keyid = SSlibKey.from_crypto(key.public_key()).keyid
    line = f"key {keyid}: {path} stays with you, {public_path} goes to who proposes the root"
    return Result([line], {"keyid": keyid, "private": str(path), "public": str(public_path)})
