"""How much the fuzz tests try: the same few inputs in each run, or many new ones.

SLOTCAST_FUZZ=50 tries fifty times as many, other ones each time; what fails is printed as a blob
that hypothesis' `reproduce_failure` takes.
"""

import os

from hypothesis import HealthCheck, Phase, settings

FACTOR = int(os.environ.get("SLOTCAST_FUZZ", "1"))


def examples(count: int) -> settings:
    """Settings for a test of `count` inputs in a normal run."""
    return settings(
        max_examples=count * FACTOR,
        derandomize=FACTOR == 1,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
