"""`slotcast release` with a clock at its joints: `STARTED REPORT release FILE ...`.

STARTED is time.monotonic() when the process was begun; REPORT gets seconds by step, as JSON. A step
does not count what a step inside it takes.
"""

import builtins
import functools
import json
import sys
import time
from collections import Counter
from pathlib import Path


class Steps:
    """Seconds by step; watched functions may call each other."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._inside = [0.0]

    def watch(self, step: str, owner: object, name: str) -> None:
        """Count what a function takes from now on as `step`."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def timed(*arguments: object, **options: object) -> object:
            began = time.monotonic()
            self._inside.append(0.0)
            try:
                return function(*arguments, **options)
            finally:
                took = time.monotonic() - began
                self.spent[step] += took - self._inside.pop()
                self._inside[-1] += took

        setattr(owner, name, timed)


def watch_imports(steps: Steps) -> None:
    """Count import statements, wherever they stand."""
    steps.watch("modules are loaded", builtins, "__import__")


def watch_release(steps: Steps) -> None:
    """Count what `slotcast release` calls."""
    import publisher.commands.product
    import publisher.commands.publishing
    import publisher.commands.release
    import publisher.encoding
    import publisher.release
    import publisher.repository
    import publisher.stores.directory

    command, store = publisher.commands.release, publisher.stores.directory.DirectoryStore
    steps.watch("what is published is read and verified", command, "open_signing")
    steps.watch("the image is read and checked", publisher.release, "read_image")
    steps.watch("payloads are encoded", publisher.encoding, "encode_all")
    steps.watch("roles are signed", publisher.repository.Repository, "offer_all")
    steps.watch("keys are read and unlocked", publisher.commands.product, "load_signers")
    steps.watch("files are read back and verified", publisher.commands.publishing, "publish")
    steps.watch("files are written and synced", store, "create")
    steps.watch("files are written and synced", store, "replace")


def main(started: str, report: str, *arguments: str) -> int:
    began = time.monotonic()
    steps = Steps()
    watch_imports(steps)
    watch_release(steps)
    from publisher import cli

    code = cli.main(arguments)
    steps.spent["the rest"] = time.monotonic() - began - steps.spent.total()
    steps.spent["Python starts"] = began - float(started)
    Path(report).write_text(json.dumps(steps.spent))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
