"""The window, the application and the power may put an install off; a deadline ends all but one."""

from check import raises
from test_decide import config, manifest

from slotcast.hooks import Hooks
from slotcast.manners import objection, overdue

_NOW = "2026-03-01T18:00:00Z"
_THREE_DAYS_S = 259200


class Application(Hooks):
    """Answers as told, or raises what it was told; keeps what it was asked."""

    def __init__(self, may_update=True, power_is_good=True):
        self._answers = {"may_update": may_update, "power_is_good": power_is_good}
        self.asked = []

    def may_update(self, manifest):
        return self._answer("may_update")

    def power_is_good(self):
        return self._answer("power_is_good")

    def _answer(self, name):
        self.asked.append(name)
        if isinstance(self._answers[name], Exception):
            raise self._answers[name]
        return self._answers[name]


def objected(waited_s=0, hooks=None, mandatory=False, **settings):
    release = manifest(mandatory=mandatory)
    return objection(config(**settings), release, _NOW, waited_s, hooks or Hooks())


def test_an_application_that_says_nothing_is_updated_at_once():
    assert objected() is None
    assert objected(mandatory=True) is None


def test_hooks_without_an_application_change_nothing():
    hooks = Hooks()
    assert hooks.may_update(manifest()) is True and hooks.power_is_good() is True
    assert hooks.before_install(manifest()) is None and hooks.after_install(True) is None


def test_outside_its_window_a_board_waits_and_does_not_ask():
    application = Application()
    said = objected(hooks=application, window="01:00-05:00")
    assert said == "outside the window 01:00-05:00 UTC"
    assert application.asked == []


def test_within_its_window_a_board_asks_the_application_and_the_power_last():
    application = Application()
    assert objected(hooks=application, window="17:00-19:00") is None
    assert application.asked == ["may_update", "power_is_good"]


def test_the_application_may_put_a_release_off():
    assert objected(hooks=Application(may_update=False)) == "the application puts it off"


def test_the_application_is_told_which_release():
    asked = []

    class Choosy(Hooks):
        def may_update(self, manifest):
            asked.append(manifest.version)
            return False

    objected(hooks=Choosy())
    assert asked == ["1.4.3"]


def test_without_good_power_nothing_is_installed():
    said = objected(hooks=Application(power_is_good=False))
    assert said == "the power is not good enough"


def test_a_mandatory_release_waits_until_its_deadline():
    application = Application(may_update=False)
    before = _THREE_DAYS_S - 1
    assert objected(before, application, mandatory=True) == "the application puts it off"
    assert objected(before, mandatory=True, window="01:00-05:00") is not None
    assert overdue(config(), manifest(mandatory=True), before) is None


def test_after_its_deadline_a_mandatory_release_asks_neither_window_nor_application():
    application = Application(may_update=False)
    settings = {"window": "01:00-05:00"}
    assert objected(_THREE_DAYS_S, application, mandatory=True, **settings) is None
    assert application.asked == ["power_is_good"]
    said = overdue(config(), manifest(mandatory=True), _THREE_DAYS_S)
    assert said == "mandatory, and put off for 72 h: it waits no longer"


def test_the_deadline_is_the_boards_and_may_be_at_once():
    settings = {"window": "01:00-05:00", "mandatory_after_s": 0}
    assert objected(mandatory=True, **settings) is None
    assert objected(mandatory=False, **settings) is not None


def test_what_is_not_mandatory_waits_for_ever():
    application = Application(may_update=False)
    assert objected(10**9, application) == "the application puts it off"
    assert overdue(config(), manifest(), 10**9) is None


def test_the_power_is_asked_even_after_the_deadline():
    for answer in (False, OSError(5)):
        application = Application(power_is_good=answer)
        said = objected(_THREE_DAYS_S, application, mandatory=True)
        assert said == "the power is not good enough"


def test_an_application_that_raises_has_not_agreed():
    application = Application(may_update=ValueError("no screen"))
    assert objected(hooks=application) == "the application puts it off"
    assert objected(_THREE_DAYS_S, application, mandatory=True) is None


def test_a_coroutine_that_nobody_awaits_has_not_agreed():
    def nobody_awaits():
        yield

    for answer in (nobody_awaits(), nobody_awaits):
        assert objected(hooks=Application(may_update=answer)) == "the application puts it off"
        assert objected(hooks=Application(power_is_good=answer)) is not None


def test_an_answer_that_is_nothing_is_no():
    assert objected(hooks=Application(may_update=None)) == "the application puts it off"


def test_a_clock_that_went_back_before_the_offer_does_not_make_it_overdue():
    application = Application(may_update=False)
    assert objected(-1000000, application, mandatory=True) is not None


def test_an_interrupt_of_the_person_at_the_console_is_not_an_answer():
    class Interrupted(Hooks):
        def may_update(self, manifest):
            raise KeyboardInterrupt

    raises(KeyboardInterrupt, lambda: objected(hooks=Interrupted()))
