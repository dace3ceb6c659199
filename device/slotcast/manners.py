"""Whether now is the time for an install: the window, the application, the power.

Asked once `decide` said that the release is to be installed at all.
"""

from slotcast.clock import seconds_between


def objection(config, manifest, now: str, since: str, hooks):
    """Return why this install has to wait (a text that can be logged), or None: go ahead.

    Args:
        config: a Config, for window and mandatory_after_s.
        now: ISO time.
        since: ISO time at which this board was first offered the image.
        hooks: a Hooks.
    """
    if not overdue(config, manifest, now, since):
        if config.window and not config.window.is_open(now):
            return "outside the window %s UTC" % config.window.text
        if not _says_yes(hooks.may_update, manifest):
            return "the application puts it off"
    return None if _says_yes(hooks.power_is_good) else "the power is not good enough"


def overdue(config, manifest, now: str, since: str):
    """Return that (a text) when a mandatory release waits no longer for window and application."""
    if not manifest.mandatory or seconds_between(since, now) < config.mandatory_after_s:
        return None
    return "mandatory, and offered since %s: it waits no longer" % since


def _says_yes(question, *arguments):
    """A hook's answer; one that raises is no: who cannot answer has not agreed."""
    try:
        return bool(question(*arguments))
    except Exception as error:
        print("slotcast: a hook raised %r" % error)
        return False
