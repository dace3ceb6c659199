"""What can go wrong on the publisher's side: a message, and a hint where one helps.

A programmer's mistake stays ValueError or TypeError; cli.py prints a PublisherError, nothing else.
"""


class PublisherError(Exception):
    """Base of all: nothing was published, or what was published is not acceptable.

    Args:
        message: one sentence that says what is wrong.
        hint: what to do about it, or "".
    """

    more: tuple[str, ...] = ()

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def details(self) -> tuple[str, ...]:
        """Further lines, for a program."""
        return self.more


class SettingsError(PublisherError):
    """slotcast.toml, or an argument that it governs, is missing or wrong."""


class KeyAccessError(PublisherError):
    """A signing key cannot be read, or is not the one that the repository names."""


class ImageError(PublisherError):
    """The firmware file is not an image that this board can take."""


class PayloadError(PublisherError):
    """A payload cannot be built, or does not decode to what it promises."""


class StoreError(PublisherError):
    """The store refused or lost a write, or cannot be reached."""


class ConflictError(StoreError):
    """Somebody else published in between: what was to be replaced has changed."""


class UncertainError(ConflictError):
    """Something else is there now, but ours may have been before: the answer to it was lost."""


class VerificationError(PublisherError):
    """What is published does not verify."""


class StrandingError(PublisherError):
    """Boards would be left behind: they could not get to what is offered, or not connect.

    Args:
        more: further lines, of other boards.
    """

    def __init__(self, message: str, hint: str = "", more: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.more = more

    @property
    def details(self) -> tuple[str, ...]:
        """A line of each way that is lost, the first too."""
        return (str(self), *self.more)
