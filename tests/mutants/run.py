"""Do the tests bite? Take out each check of the device's client, and see which test notices.

A mutant is a module with one check removed, weakened or moved by one (operators.py). It stands in a
copy of the tree; the device's tests that call its function run against it on CPython, the module's
own first, then those that need pytest or MicroPython, until one fails. What survives must be listed
with a reason in survivors.toml; a reason that fits no surviving mutant is an error as well.

mutmut and cosmic-ray do this for any program: they start pytest for each mutant, change arithmetic,
strings and log lines as well, and know nothing of what calls what. Here one mutant takes a tenth
of a second, and each is the absence of a check.
"""

import argparse
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from operators import Mutant, checkers_of, mutants
from tree import Test, Tree

MODULES = ("strict_json", "canonical", "metadata", "delegations", "signatures", "trust", "client")
MODULES += ("files", "ed25519", "p256", "rsa_pss", "der", "spki", "pins", "pinsets", "means")
MODULES += ("http", "https", "chunked", "channel", "connect", "wire", "config_fields", "manifest")
MODULES += ("manifest_fields", "decide", "versions", "kept_sets", "rollout")
MODULES += ("payload", "head_fields", "inflate", "trickle", "frames", "buffers", "install")
MODULES += ("delta", "delta_plain", "relocation", "relocation_fields")
MODULES += ("retries", "image", "edges", "clock", "elapsed", "iso_time", "offer")
MODULES += ("attempts", "slot", "erase", "survey")
MODULES += ("window", "manners", "schedule", "trial")
SURVIVORS = Path(__file__).parent / "survivors.toml"
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: `killed_by` names a test, or is ""."""

    mutant: Mutant
    killed_by: str

    def __str__(self) -> str:
        mutant = self.mutant
        change = " ".join(mutant.change.split())
        what = f"{mutant.module}.py:{mutant.line} {mutant.operator}: {change}"
        return f"{what} | {'killed by ' + self.killed_by if self.killed_by else 'SURVIVED'}"


class Hunt:
    """Tries mutants in copies of the tree, several at once.

    Args:
        folder: an empty one, for the copies.
        workers: how many at once.
        excused: keys of mutants that are known to survive; the slow tests are spared them.
        is_quick: leave the slow tests out.
    """

    def __init__(self, folder: Path, workers: int, excused: set[Key], is_quick: bool):
        self._excused = excused
        self._is_quick = is_quick
        self._pool = ThreadPoolExecutor(workers)
        self._trees: SimpleQueue[Tree] = SimpleQueue()
        for number in range(workers):
            self._trees.put(Tree(folder / str(number)))
        self._tests: list[Test] = []

    def learn(self) -> list[Test]:
        """Find out what each test calls; returns those that fail as things are."""
        with self._tree() as tree:
            files = tree.device_files()
        found = [test for tests in self._pool.map(self._calls, files) for test in tests]
        self._tests = [test for test in found if not test.fails]
        return [test for test in found if test.fails]

    def verdicts(self, module: str):
        """Yield the Verdict of every mutant of a module, in the order of its lines."""
        with self._tree() as tree:
            source = tree.path_of(module).read_text()
            folder = tree.path_of(module).parent
            texts = [path.read_text() for path in folder.glob("*.py")]
        checkers = frozenset(name for text in texts for name in checkers_of(text))
        found = sorted(mutants(module, source, checkers), key=lambda mutant: mutant.line)
        yield from self._pool.map(self._try, found)

    def _calls(self, file: str) -> list[Test]:
        with self._tree() as tree:
            return tree.calls([file])

    def _try(self, mutant: Mutant) -> Verdict:
        with self._tree() as tree, tree.holding(mutant.module, mutant.source):
            killer = tree.first_failing(self._tests_of(mutant))
            if not killer and not self._is_quick and mutant.key not in self._excused:
                killer = tree.first_failing_slow(tree.slow_files(mutant.module))
            return Verdict(mutant, killer)

    def _tests_of(self, mutant: Mutant) -> list[Test]:
        """The tests that call the function, the module's own first, the quick ones before others.

        What stands at a module's level is everyone's who calls the module at all.
        """
        place = f"{mutant.module}:{mutant.function}"
        found = [
            test
            for test in self._tests
            if (place in test.calls if mutant.function else _enters(test, place))
        ]
        return sorted(found, key=lambda t: (not t.belongs_to(mutant.module), t.seconds))

    def _tree(self):
        return _Borrowed(self._trees)


class _Borrowed:
    """A tree that no other thread has meanwhile."""

    def __init__(self, trees: "SimpleQueue[Tree]"):
        self._trees = trees

    def __enter__(self) -> Tree:
        self._tree = self._trees.get()
        return self._tree

    def __exit__(self, *error: object) -> None:
        self._trees.put(self._tree)


def _enters(test: Test, place: str) -> bool:
    return any(call.startswith(place) for call in test.calls) or test.belongs_to(place[:-1])


def reasons(text: str) -> dict[Key, str]:
    """Parse survivors.toml: `[[survivor]]` with module, function, change and reason."""
    listed = tomllib.loads(text).get("survivor", [])
    return {(s["module"], s["function"], s["change"]): s["reason"] for s in listed}


def main() -> int:
    """Print each mutant's fate; 1 when one survives unexcused, or an excuse or a test is stale."""
    options = _options()
    excused = reasons(SURVIVORS.read_text())
    modules = options.module or MODULES
    excused = {key: reason for key, reason in excused.items() if key[0] in modules}
    with tempfile.TemporaryDirectory(prefix="slotcast-mutants-") as folder:
        hunt = Hunt(Path(folder), options.workers, set(excused), options.quick)
        failing = hunt.learn()
        for test in failing:
            print(f"fails without any mutant: {test.name}: {test.fails}")
        verdicts = [v for m in modules for v in _reported(m, hunt, excused, options.verbose)]
    survived = {verdict.mutant.key for verdict in verdicts if not verdict.killed_by}
    stale = [key for key in excused if key not in survived]
    for key in stale:
        print(f"survivors.toml excuses what does not survive: {': '.join(key)}")
    unexcused = len(survived - set(excused))
    killed = sum(bool(verdict.killed_by) for verdict in verdicts)
    print(f"{killed} of {len(verdicts)} mutants killed; survivors without a reason: {unexcused}")
    return 1 if unexcused or stale or failing else 0


def _reported(
    module: str, hunt: Hunt, excused: dict[Key, str], is_verbose: bool
) -> Iterator[Verdict]:
    """Print a module's survivors, or all its verdicts, and their sum; yields the verdicts."""
    total = killed = 0
    for verdict in hunt.verdicts(module):
        total += 1
        killed += bool(verdict.killed_by)
        if is_verbose or not verdict.killed_by:
            reason = excused.get(verdict.mutant.key, "no reason known")
            print(verdict, "" if verdict.killed_by else f": {reason}", sep="", flush=True)
        yield verdict
    print(f"{module}: {killed} of {total} killed", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--module", action="append", help="only this one; may be repeated")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--verbose", action="store_true", help="print who killed each mutant")
    parser.add_argument("--quick", action="store_true", help="leave out tests that need pytest")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
