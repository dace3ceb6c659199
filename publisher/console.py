"""How `slotcast` speaks: results to stdout, all else to stderr; rich on a terminal only.

No private key gets to stderr, whatever it was mistaken for.
"""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from publisher.commands import Result, Table
from publisher.errors import KeyAccessError, PublisherError, SettingsError
from publisher.redaction import without_secrets

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Console:
    """The streams of one run; the progress bars, if any, end with its block.

    Args:
        stdin, stdout, stderr: the process's own, or a test's.
    """

    def __init__(self, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._stderr = stderr
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def show(self, result: Result, as_json: bool) -> None:
        """Print a result."""
        self.end_progress()
        if as_json:
            self._show_json(result.data)
            return
        for part in result.text:
            if isinstance(part, Table):
                self._show_table(part)
            else:
                self._write(self._stdout, part)

    def note(self, text: str) -> None:
        """Tell something on the way."""
        self._tell(text)

    def warn(self, text: str) -> None:
        """Tell something that should not be overlooked."""
        self.end_progress()
        self._tell(f"slotcast: warning: {text}")

    def error(self, error: PublisherError) -> None:
        """Tell why nothing came of it, and what to do."""
        self.end_progress()
        for line in (f"slotcast: error: {error}", *error.more):
            self._tell(line)
        if error.hint:
            self._tell(f"hint: {error.hint}")

    def show_error(self, error: PublisherError) -> None:
        """Print the same for a program, as JSON."""
        fields = {
            "kind": _kebab(type(error).__name__),
            "message": without_secrets(str(error)),
            "hint": without_secrets(error.hint),
            "details": [without_secrets(line) for line in error.details],
        }
        self._show_json({"error": fields})

    def ask(self, prompt: str) -> str:
        """Return what a person types, without echo; KeyAccessError where there is nobody to ask."""
        self.end_progress()
        if not self._stdin.isatty():
            hint = "set SLOTCAST_PASSPHRASE"
            raise KeyAccessError("a passphrase is needed, and there is no terminal to ask at", hint)
        return getpass.getpass(prompt, self._stderr)

    def confirm(self, question: str) -> str:
        """Return what a person answers; SettingsError where there is nobody to ask."""
        self.end_progress()
        if not self._stdin.isatty():
            raise SettingsError("there is no terminal to ask at", "--yes answers for a script")
        self._stderr.write(printable(without_secrets(question)))
        self._stderr.flush()
        return self._stdin.readline().strip()

    def progress(self, what: str, done: int, total: int) -> None:
        """Move a progress bar, on a terminal."""
        if not self._stderr.isatty() or not total:
            return
        bars = self._begin_progress()
        if what not in self._tasks:
            self._tasks[what] = bars.add_task(what, total=total)
        bars.update(self._tasks[what], completed=done)

    def end_progress(self) -> None:
        """Take the progress bars away."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = None
        self._tasks = {}

    def _begin_progress(self) -> Progress:
        if self._bars is None:
            from rich.console import Console as Terminal
            from rich.progress import Progress

            self._bars = Progress(console=Terminal(file=self._stderr), transient=True)
            self._bars.start()
        return self._bars

    def _show_table(self, table: Table) -> None:
        if self._stdout.isatty():
            self._show_rich_table(table)
            return
        for line in plain_lines(table):
            self._write(self._stdout, line)

    def _show_rich_table(self, table: Table) -> None:
        from rich.box import SIMPLE
        from rich.console import Console as Terminal
        from rich.table import Table as RichTable

        shown = RichTable(box=SIMPLE)
        for name in table.header:
            shown.add_column(name, justify="right" if name in table.right else "left")
        for row in table.rows:
            shown.add_row(*map(printable, row))
        Terminal(file=self._stdout, highlight=False, markup=False).print(shown)

    def _show_json(self, data: Mapping[str, object]) -> None:
        for line in json.dumps(data, indent=2).splitlines():  # in ASCII
            self._write(self._stdout, line)

    def _tell(self, text: str) -> None:
        self._write(self._stderr, without_secrets(text))

    def _write(self, stream: TextIO, text: str) -> None:
        stream.write(printable(text) + "\n")
        stream.flush()


def printable(text: str) -> str:
    """Return a line in which what a terminal would obey, or cannot show, is escaped.

    File names, key ids and messages come from whoever is verified.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _kebab(name: str) -> str:
    """Return the name of a class in lower case, with dashes."""
    return re.sub(r"(?<=.)(?=[A-Z])", "-", name).lower()


def plain_lines(table: Table) -> list[str]:
    """Return a table as lines of columns two spaces apart."""
    rows = [table.header, *table.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.header))]
    right = [name in table.right for name in table.header]
    return [
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
