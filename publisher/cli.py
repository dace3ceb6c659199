"""The command `slotcast`: parses, calls, prints. The only module that prints or exits.

Exit codes: 0 done, 1 failed or not verified, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from time import sleep
from typing import TYPE_CHECKING

from publisher.errors import PublisherError

# The rest is imported when it runs: a Ctrl-C is quiet only from entry_point on.
if TYPE_CHECKING:
    from publisher.arguments import Arguments
    from publisher.commands import Result
    from publisher.console import Console

_INTERRUPTED = 130


def entry_point() -> None:
    """Run the process's own command line and exit; on SIGTERM too nothing is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def main(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; usage errors exit with 2 by themselves."""
    from publisher.arguments import Arguments, make_parser
    from publisher.console import Console

    parser = make_parser()
    arguments = parser.parse_args(argv, namespace=Arguments())
    console = Console(sys.stdin, sys.stdout, sys.stderr)
    if arguments.print_completion:
        import shtab

        sys.stdout.write(shtab.complete(parser, arguments.print_completion))
        return 0
    if arguments.command is None:
        parser.error("a command is needed; slotcast --help lists them")
    if arguments.verify_usage is not None:
        arguments.verify_usage(arguments)
    return _run(arguments, console)


def _run(arguments: Arguments, console: Console) -> int:
    from publisher.commands import Context

    context = Context(
        now=datetime.now(UTC),
        environment=os.environ,
        ask=console.ask,
        confirm=console.confirm,
        note=console.note,
        warn=console.warn,
        progress=console.progress,
        sleep=sleep,
    )
    try:
        # Imported by name: each command brings libraries that the others need not wait for.
        result: Result = import_module(f"publisher.commands.{arguments.command}").run(
            arguments, context
        )
        _show(result, arguments, console)
        result.then()
    except PublisherError as error:
        console.error(error)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read our output, such as head, has gone
        return 1
    finally:
        console.end_progress()
    return result.exit_code


def _show(result: Result, arguments: Arguments, console: Console) -> None:
    """Print a result; where that fails, what is published stays published."""
    try:
        console.show(result, arguments.json)
    except OSError as error:
        # Or what is left in the buffer would fail again at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError) and not result.published:
            raise
        stands = f"{result.published} is published all the same" if result.published else ""
        message = f"the result cannot be written to stdout: {error.strerror}"
        raise PublisherError(f"{message}; {stands}" if stands else message) from error
