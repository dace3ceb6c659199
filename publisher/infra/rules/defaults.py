"""What holds unless somebody asks for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.node import at, text
from publisher.infra.rules.view import View

_NAME, _ENFORCED = "ConditionalWrites", "Enforced"


def _defaults(view: View) -> Iterator[Fault]:
    parameter = view.parameters.get(_NAME)
    if parameter is not None and (found := at(parameter, "Default")) != _ENFORCED:
        yield _NAME, f"its default is {found}: whoever forgets it has no conditions on writes"
    for name, parameter in view.parameters.items():
        pattern, value = at(parameter, "AllowedPattern"), at(parameter, "Default")
        if None not in (pattern, value) and not re.fullmatch(text(pattern), text(value)):
            yield name, f"its default, {value}, does not match its own pattern"


RULES = (
    Rule(
        "defaults",
        "by default writes are conditional, and each default is what its parameter takes",
        "set the default of ConditionalWrites to Enforced; for emulators, give it otherwise",
        _defaults,
    ),
)
