"""`slotcast doctor` sees what the stacks made, and what somebody has changed by hand since."""

import json

import pytest

from device.virtual.images import build_app
from tests.infra.deployment import Deployment
from tests.infra.desk import Desk
from tests.infra.doctor_harm import HARM, SOUND, not_as_deployed
from tests.infra.doctor_lines import is_told


@pytest.fixture(scope="module")
def desk(deployment: Deployment) -> Desk:
    """A product with a release, beside infra.toml."""
    desk = Desk(deployment, deployment.folder)
    desk.found()
    assert desk.release(deployment.role("release"), "1.0.0", build_app()).code == 0
    return desk


def findings(desk: Desk, *words: str) -> list[tuple[str, str, str]]:
    """What the doctor finds that is not in order: state, check, and what it says."""
    done = desk.run(desk.deployment.deployer, "doctor", "--json", *words)
    assert done.out, done.err
    found = json.loads(done.out)["findings"]
    assert len(found) > 20
    return [(one["state"], one["check"], one["says"]) for one in found if one["state"] != "OK"]


def test_a_sound_deployment_has_no_faults_but_those_of_the_emulator(desk: Desk) -> None:
    found = findings(desk)
    assert not_as_deployed(found) == []
    assert [known for known in SOUND if not is_told(known, found)] == []


def test_what_somebody_changed_by_hand_is_found(desk: Desk) -> None:
    for harm in HARM:
        harm.do(desk)
    found = findings(desk)
    assert [told for harm in HARM for told in harm.told if not is_told(told, found)] == []
