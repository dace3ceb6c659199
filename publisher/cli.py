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
_KEY_GIVEN = (
    "a private key was given on the command line: it is in your shell's history, and in `ps`"
)
_WHERE = "arguments name where a key is, such as file:PATH; replace this one, it may have been read"


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
    from publisher.redaction import holds_private_key

    parser = make_parser()
    console = Console(sys.stdin, sys.stdout, sys.stderr)
    if holds_private_key(argv):
        console.warn(_KEY_GIVEN)
    arguments = parser.parse_args(argv, namespace=Arguments())
    if arguments.print_completion:
        import shtab

        sys.stdout.write(shtab.complete(parser, arguments.print_completion))
        return 0
    if arguments.command is None:
        parser.error("a command is needed; slotcast --help lists them")
    if arguments.verify_usage is not None:
        arguments.verify_usage(arguments)
    if holds_private_key(argv):  # it would even be published, among a release's notes
        _fail(PublisherError("so nothing was done", _WHERE), arguments.json, console)
        return 1
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
    is_shown = False
    try:
        # Imported by name: each command brings libraries that the others need not wait for.
        result: Result = import_module(f"publisher.commands.{arguments.command}").run(
            arguments, context
        )
        is_shown = True
        _show(result, arguments, console)
        result.then()
    except PublisherError as error:
        # What comes after the result, such as a look through the edge, adds nothing to stdout.
        _fail(error, arguments.json and not is_shown, console)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read our output, such as head, has gone
        return 1
    finally:
        console.end_progress()
    return result.exit_code


def _fail(error: PublisherError, as_json: bool, console: Console) -> None:
    console.error(error)
    if as_json:
        try:
            console.show_error(error)
        except OSError:  # stderr has told it, and the exit code does
            _close_stdout()


def _show(result: Result, arguments: Arguments, console: Console) -> None:
    """Print a result; where that fails, what is published stays published."""
    try:
        console.show(result, arguments.json)
    except OSError as error:
        _close_stdout()
        if isinstance(error, BrokenPipeError) and not result.published:
            raise
        stands = f"{result.published} is published all the same" if result.published else ""
        message = f"the result cannot be written to stdout: {error.strerror}"
        raise PublisherError(f"{message}; {stands}" if stands else message) from error


def _close_stdout() -> None:
    """Let what is left in the buffer go nowhere, or it would fail again as the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
