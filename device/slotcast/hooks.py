"""What an application may have a say in: subclass Hooks, and pass one to Updater.open()."""


def is_yes(answer) -> bool:
    """Whether a hook or a health check has agreed.

    A coroutine that nobody awaits has not, nor has a function that nobody called.
    """
    return bool(answer) and not hasattr(answer, "send") and not callable(answer)


class Hooks:
    """The application's part in an update; each method has a default that changes nothing.

    They are called between two steps of a poll, so they should answer at once. `manifest` is a
    manifest.Manifest: version, mandatory, security_version, ... Whatever they raise is printed:
    a question that raises is answered with no, anything else goes on as if it had returned.
    """

    def may_update(self, manifest) -> bool:
        """Whether this release may be installed now; asked within the maintenance window only.

        A mandatory release does not ask any more once `mandatory_after_s` is over.
        """
        return True

    def power_is_good(self) -> bool:
        """Whether battery or supply last for an install; asked last, and never overridden."""
        return True

    def before_install(self, manifest) -> None:
        """An install begins: suspend what needs memory, the CPU or the flash."""

    def after_install(self, succeeded: bool) -> None:
        """It is over: resume. After `succeeded` the board is reset into the new image."""
