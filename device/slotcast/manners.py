"""Whether now is the time for an install: the window, the application, the power.

Asked once `decide` said that the release is to be installed at all.
"""

from slotcast.hooks import is_yes


def objection(config, manifest, now: str, waited_s: int, hooks):
    """Return why this install has to wait (a text that can be logged), or None: go ahead.

    Args:
        config: a Config, for window and mandatory_after_s.
        now: ISO time.
        waited_s: seconds since this board was first offered the image; not by the network's time,
            which somebody may have forged.
        hooks: a Hooks.
    """
    if not overdue(config, manifest, waited_s):
        if config.window and not config.window.is_open(now):
            return "outside the window %s UTC" % config.window.text
        if not _says_yes(hooks.may_update, manifest):
            return "the application puts it off"
    return None if _says_yes(hooks.power_is_good) else "the power is not good enough"


def overdue(config, manifest, waited_s: int):
    """Return that (a text) when a mandatory release waits no longer for window and application."""
    if not manifest.mandatory or waited_s < config.mandatory_after_s:
        return None
    return "mandatory, and put off for %d h: it waits no longer" % (waited_s // 3600)


def _says_yes(question, *arguments):
    """A hook's answer; one that raises is no: who cannot answer has not agreed."""
    try:
        return is_yes(question(*arguments))
    except Exception as error:
        print("slotcast: a hook raised %r" % error)
        return False
