"""What a fleet sees through the template's edges: `python -m tests.infra.fleet_polls`.

100,000 polls of simulated boards over TLS, through 20 edges that follow the cache rules of
infra/ota.yaml, in front of a private bucket on SeaweedFS; meanwhile `slotcast release` and
`slotcast root apply` publish. Smaller fleets poll through edges of other rules. Ends with 1 if a
board met metadata without its files, or an edge served the former timestamp for longer than it may.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from publisher.infra.template import load, read
from tests.infra.fleet_course import Crowd, Outcome, Plan, run
from tests.infra.fleet_product import BUCKET, Product
from tests.infra.fleet_report import comparison, kinds, last_old_s, summary, wrongs
from tests.infra.fleet_seeds import AS_IT_IS, OTHERS, Variant
from tests.seaweedfs import seaweedfs

POINTER_S = 60
ORIGIN_S = 2.0  # what an answer of the bucket, under way when the release came, may take
_SMALL_EDGES = 2  # of each fleet with other rules; with as many boards for each as the large one


def main() -> int:
    """Run and print; the exit code."""
    arguments = _arguments()
    template, began = load(read("ota")), time.monotonic()
    crowds = [_crowd(AS_IT_IS, template, arguments.edges, arguments.polls // 2, 40)]
    if not arguments.only:
        small = (_SMALL_EDGES, _SMALL_EDGES * crowds[0].boards // crowds[0].edges, 6)
        crowds += [_crowd(one, template, *small) for one in OTHERS]
    large, *others = _run(crowds)
    print(f"{summary(large)}\n\n{kinds(large)}\n")
    if others:
        print(comparison([large, *others]))
    print(f"\n{time.monotonic() - began:.0f} s")
    wrong = [*_too_old(large), *chain(*map(wrongs, (large, *others)))]
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


def _run(crowds: Sequence[Crowd]) -> list[Outcome]:
    with seaweedfs() as server, TemporaryDirectory(prefix="slotcast-") as folder:
        server.client().create_bucket(Bucket=BUCKET)
        product = Product("sensor", Path(folder, "owner"), server)
        product.found()
        return run(Plan(), crowds, product, Path(folder))


def _crowd(
    variant: Variant, template: Mapping[str, Any], edges: int, boards: int, readers: int
) -> Crowd:
    return Crowd(variant.title, variant.rules(template), edges, boards, readers)


def _too_old(outcome: Outcome) -> list[str]:
    last_s = last_old_s(outcome)
    if last_s <= POINTER_S + ORIGIN_S:
        return []
    return [f"an edge served the former timestamp for {last_s:.1f} s"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--polls", type=int, default=100_000, help="of the large run")
    parser.add_argument("--edges", type=int, default=20, help="points of presence")
    parser.add_argument("--only", action="store_true", help="without the runs by other rules")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
