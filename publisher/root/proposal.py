"""A proposed root on its way between the people who sign it: one file that proves itself.

It carries the chain of roots before it, as published, so that a signer who holds nothing but the
product's fingerprint sees offline what changes, and trusts nobody for it. In JSON:

    {"type": "slotcast-root-proposal",
     "chain": ["<1.root.json>", ...],     each file as text: `jq -j '.chain[0]' | sha256sum`
     "root": {"signatures": [...], "signed": {...}}}

What it cannot prove is that no newer root is published: a signer compares the version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

from publisher.errors import KeyAccessError, PublisherError, SettingsError, VerificationError
from publisher.layout import root_path
from publisher.published import read_roots
from publisher.root.changes import root_bytes, verify_follows
from publisher.schemas import parse_json
from publisher.verification.metadata import load, signatures_of

_TYPE = "slotcast-root-proposal"
MAX_BYTES = 1024 * 1024  # far more than the 32 roots that a board follows in one refresh


@dataclass(frozen=True)
class Proposal:
    """A root that is proposed, and what it follows.

    Attributes:
        chain: the files of root 1, 2 ... as published.
        metadata: the next root, with the signatures that it has so far.
    """

    chain: tuple[bytes, ...]
    metadata: Metadata[Root]

    @classmethod
    def from_bytes(cls, data: bytes) -> Proposal:
        """Read a proposal's file, of which nothing is verified yet; ValueError if it is none."""
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has {len(data):,} bytes, more than {MAX_BYTES:,}")
        fields = parse_json(data)
        if not isinstance(fields, dict) or fields.get("type") != _TYPE:
            raise ValueError(f"it is no {_TYPE}")
        chain, root = fields.get("chain"), fields.get("root")
        if not isinstance(chain, list) or not all(isinstance(text, str) for text in chain):
            raise ValueError("chain is no list of texts")
        if not chain or not isinstance(root, dict):
            raise ValueError("it has no roots")
        return cls(tuple(text.encode() for text in chain), _parse_root(root))

    def to_bytes(self) -> bytes:
        """Return the proposal's file, in lines that a person can read."""
        chain = [data.decode() for data in self.chain]
        fields = {"type": _TYPE, "chain": chain, "root": self.metadata.to_dict()}
        return (json.dumps(fields, indent=1, sort_keys=True) + "\n").encode("ascii")

    @property
    def former(self) -> Root:
        """The root that it follows."""
        return Metadata[Root].from_bytes(self.chain[-1]).signed

    @property
    def root(self) -> Root:
        """The root that is proposed."""
        return self.metadata.signed

    @property
    def roots(self) -> list[Root]:
        """All roots, from the one that is proposed to the first."""
        former = [Metadata[Root].from_bytes(data).signed for data in reversed(self.chain)]
        return [self.root, *former]

    @property
    def sha256(self) -> str:
        """What a signer signs, by its SHA-256, hex."""
        return hashlib.sha256(self.metadata.signed_bytes).hexdigest()

    @property
    def digits(self) -> str:
        """What signers compare on the phone: so much of the SHA-256 that nobody finds its like."""
        return " ".join(self.sha256[at : at + 4] for at in range(0, 32, 4))

    @property
    def is_signed(self) -> bool:
        """Whether enough keys of both roots have signed."""
        roots = (self.former, self.root)
        return all(signatures_of(root, self.metadata).enough for root in roots)

    def verify(self, root_sha256: str, now: datetime) -> None:
        """Check all but the number of signatures.

        Raises:
            VerificationError: the chain does not lead from the fingerprint to the root that it
                follows, or this is none that may follow, or it has expired.
        """
        files = {root_path(n + 1): data for n, data in enumerate(self.chain)}
        if len(read_roots(files.get, root_sha256)) != len(self.chain):
            raise VerificationError("its chain of roots has an end before its end")
        self._verify_follows()
        if self.root.expires <= now:
            day = f"{self.root.expires:%Y-%m-%d}"
            raise VerificationError(f"the proposed root expired on {day}", "propose a new one")

    def _verify_follows(self) -> None:
        with _naming():
            verify_follows(self.former, self.metadata)

    def _verify_file(self) -> None:
        with _naming():
            load(Root, self.file(), self.root.version)

    def verify_signed(self) -> None:
        """Raise VerificationError unless boards that have the former root take this one."""
        for root in (self.former, self.root):
            signatures = signatures_of(root, self.metadata)
            if not signatures.enough:
                hint = "`slotcast root sign` on the machines of those whose signatures are missing"
                raise VerificationError(f"root {self.root.version}: {signatures}", hint)
        self._verify_file()

    def file(self) -> bytes:
        """Return the bytes of the new root's file, as it is published."""
        return root_bytes(self.metadata)

    def sound(self) -> Proposal:
        """Return this with those signatures alone that count, in the order of their key ids."""
        counted = self._counted()
        signatures = self.metadata.signatures
        signatures = {keyid: signatures[keyid] for keyid in sorted(counted)}
        return Proposal(self.chain, Metadata(self.root, signatures))

    def signed_by(self, signer: Signer) -> Proposal:
        """Return this with one more signature; the same if that key has signed it already.

        Raises:
            KeyAccessError: neither root lists the key for root.
        """
        keyid = signer.public_key.keyid
        if not any(keyid in root.roles["root"].keyids for root in (self.former, self.root)):
            message = f"key {keyid[:8]} is a root key of neither root {self.former.version}"
            raise KeyAccessError(f"{message} nor root {self.root.version}")
        if keyid in self._counted():
            return self
        metadata = Metadata(self.root, dict(self.metadata.signatures))
        metadata.sign(signer, append=True)
        return Proposal(self.chain, metadata).sound()

    def _counted(self) -> set[str]:
        roots = (self.former, self.root)
        return {keyid for root in roots for keyid in signatures_of(root, self.metadata).keyids}


def merge(proposals: Sequence[Proposal]) -> Proposal:
    """Return one proposal with the signatures of several copies of it.

    Raises:
        SettingsError: they are not of one proposal.
    """
    first, *others = (proposal.sound() for proposal in proposals)
    signatures = dict(first.metadata.signatures)
    for other in others:
        same = (other.chain, other.metadata.signed_bytes)
        if same != (first.chain, first.metadata.signed_bytes):
            raise SettingsError(
                "these files are not copies of one proposal",
                f"what is to be signed differs: {first.digits}; {other.digits}",
            )
        signatures |= other.metadata.signatures
    return Proposal(first.chain, Metadata(first.root, signatures)).sound()


def _parse_root(fields: dict[str, object]) -> Metadata[Root]:
    try:
        metadata = Metadata[Root].from_dict(dict(fields))
    except (DeserializationError, RepositoryError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"root is no metadata: {error}") from error
    if not isinstance(metadata.signed, Root):
        raise ValueError(f"root is {metadata.signed.type}")
    for keyid, signature in metadata.signatures.items():
        if not isinstance(keyid, str) or not isinstance(signature.signature, str):
            raise ValueError("a signature's keyid or sig is not a string")
    return metadata


@contextmanager
def _naming() -> Iterator[None]:
    try:
        yield
    except PublisherError:
        raise
    except Exception as error:  # hostile bytes bring out anything in what takes them apart
        raise VerificationError(f"the proposed root is malformed: {error}") from error
