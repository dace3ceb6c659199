"""The doctor's reports of an account on the emulator: as deployed, and as changed by hand."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from device.virtual.images import build_app
from publisher.doctor.check_names import AWS, group_of
from tests.infra.botocore_models import models_once
from tests.infra.deployment import deploy
from tests.infra.desk import Desk
from tests.infra.doctor_harm import HARM, SOUND, Harm, not_as_deployed
from tests.infra.doctor_lines import (
    Line,
    Report,
    added,
    console,
    lines,
    not_told,
    out_of_order,
    row,
    with_samples,
)
from tests.infra.ministack_server import Ministack, ministack

# What else tells of a change by hand, beside the account's own checks.
_OTHERS = ("published-names", "private-keys", "served-keys")
_EDGE = "d111111abcdef8.cloudfront.net"


def reports() -> Iterator[Report]:
    """The account as deployed, and what each change by hand adds."""
    with models_once(), ministack() as aws, tempfile.TemporaryDirectory() as folder:
        desk = released(aws, Path(folder))
        sound = diagnosed(desk, AWS)
        for report in (as_deployed(sound), as_changed(list(changes(desk, sound)))):
            yield replace(report, text=with_samples(report.text, {desk.deployment.host: _EDGE}))


def released(aws: Ministack, folder: Path) -> Desk:
    """The stacks of a product, and a release."""
    deployment = deploy(aws, folder)
    desk = Desk(deployment, folder)
    desk.found()
    done = desk.release(deployment.role("release"), "1.0.0", build_app())
    assert done.code == 0, done.err
    return desk


def diagnosed(desk: Desk, *checks: str) -> str:
    """What the doctor prints."""
    only = [word for check in checks for word in ("--only", check)]
    done = desk.run(desk.deployment.deployer, "doctor", *only)
    assert lines(done.out), done.err
    return done.out


def changes(desk: Desk, sound: str) -> Iterator[tuple[Harm, list[Line]]]:
    """One change by hand after the other, each left as it is, and what the doctor finds more."""
    before = out_of_order(sound)
    for harm in HARM:
        harm.do(desk)
        after = out_of_order(diagnosed(desk, *_OTHERS, AWS))
        yield harm, added(before, after)
        before = after


def as_deployed(sound: str) -> Report:
    """The account as `slotcast infra apply` made it, and why not all is in order."""
    known = {one: why for one, why in SOUND.items() if group_of(one[1]) == AWS}
    found = out_of_order(sound)
    reasons = dict.fromkeys((state, check, why) for (state, check, _), why in known.items())
    rows = "".join(row(*one) for one in reasons)
    text = (
        "### An account as deployed\n\n"
        f"{console('slotcast doctor --only aws', sound)}\n"
        f"Not in order there, and why:\n\n| state | check | why |\n|---|---|---|\n{rows}"
    )
    wrong = [
        f"{state} {check} is not expected: {says}" for state, check, says in not_as_deployed(found)
    ]
    wrong += not_told(known, found)
    return Report(text, [f"An account as deployed: {one}" for one in wrong])


def as_changed(found: Sequence[tuple[Harm, Sequence[Line]]]) -> Report:
    """A table of the changes, and which of them the doctor does not tell of as it should."""
    head = "| changed by hand | state | check | found |\n|---|---|---|---|\n"
    rows = "".join(row(*cells) for harm, told in found for cells in _cells(harm, told))
    wrong = (f"{harm.what}: {one}" for harm, told in found for one in not_told(harm.told, told))
    return Report(f"### The same account, changed by hand\n\n{head}{rows}", list(wrong))


def _cells(harm: Harm, told: Sequence[Line]) -> Iterator[tuple[str, ...]]:
    """A line of the table for each finding; the change stands in the first."""
    first, *more = told or [Line("", "", "nothing more")]
    yield harm.what, *first
    yield from (("", *line) for line in more)
