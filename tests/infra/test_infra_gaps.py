"""What the emulator does not model is known, and nothing else is missing."""

from tests.infra import declared
from tests.infra.deployment import Deployment
from tests.infra.feature_conditions import CONDITIONS
from tests.infra.gaps import GAPS, missing


def test_what_is_not_modelled_is_listed_and_nothing_else(deployment: Deployment) -> None:
    assert missing(deployment) == set(GAPS)


def test_each_condition_key_of_the_templates_is_tried() -> None:
    asked = {f"condition {key.lower()}" for key in declared.condition_keys()}
    assert "condition s3:if-none-match" in asked
    assert asked <= {name.lower() for name in CONDITIONS}
