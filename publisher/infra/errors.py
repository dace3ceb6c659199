"""What can go wrong with stacks, beside what is wrong in a file."""

from publisher.errors import PublisherError


class InfraError(PublisherError):
    """A stack cannot be read or changed, or AWS refused to.

    Args:
        more: further lines, such as AWS's reasons.
    """

    def __init__(self, message: str, hint: str = "", more: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.more = more


class GuardError(InfraError):
    """What was asked for would take something away that boards or people depend on."""
