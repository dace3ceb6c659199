"""The certificate authority of `slotcast serve`, kept so that boards need to be told only once."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from publisher.certificates import Authority
from publisher.errors import SettingsError
from publisher.files import NewFiles
from publisher.settings import LOCAL_FOLDER

CERTIFICATE = "authority.pem"
_KEY = "authority-key.pem"


def local_authority(directory: Path, name: str) -> Authority:
    """Return the authority kept in `directory`/.slotcast, which the first call creates.

    Raises:
        SettingsError: it cannot be read or written, or is no authority.
    """
    folder = directory / LOCAL_FOLDER
    if not (folder / CERTIFICATE).exists():
        _create(folder, name)
    try:
        certificate = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        key = load_pem_private_key((folder / _KEY).read_bytes(), None)
    except (OSError, ValueError) as error:
        hint = f"remove {folder} to have a new one made"
        raise SettingsError(f"the local authority cannot be read: {error}", hint) from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise SettingsError(f"{folder / _KEY} is not a key of `slotcast serve`")
    return Authority(certificate, key)


def _create(folder: Path, name: str) -> None:
    authority = Authority.create(name)
    key = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = NewFiles()
    try:
        files.make_private(folder)
        files.create(folder / _KEY, key, 0o600)
        files.create(folder / CERTIFICATE, authority.certificate_pem)
    except BaseException:
        files.take_back()
        raise
