"""What can go wrong on the board, by who is at fault.

A caller's mistake is ValueError; an OSError of the board's own flash or file system passes through.
"""


class OtaError(Exception):
    """Base of all: the update did not happen, the running firmware is unaffected."""


class RepositoryError(OtaError):
    """What the repository published is not acceptable: signature, version, length, hash or form."""


class ExpiredError(RepositoryError):
    """Metadata is past its expiry: nothing is installed on its word."""


class DownloadError(OtaError):
    """The transport failed: no connection, a stall, an answer that is not the one asked for."""


class CertificateError(DownloadError):
    """The certificate that the peer shows is refused: its chain, name, date or pin."""


class NotFoundError(DownloadError):
    """The edge has no such object: it answered 403 or 404."""


class PayloadError(OtaError):
    """A payload's head or block is not what the manifest or the table says."""


class ImageError(OtaError):
    """The image that stands in the slot is not one that this board may boot."""


class BoardError(OtaError):
    """This board, as it is, cannot update: partition table, otadata state, configuration."""
