"""How the tables look."""

from collections.abc import Sequence

Row = Sequence[str]


def render(header: Row, rows: Sequence[Row], notes: str = "") -> str:
    """Columns under a header, the first to the left, the others to the right; then notes.

    Args:
        header: what the table asks, then the names of its columns.
        notes: what a reader has to know about the figures.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [_line(row, widths) for row in (header, *rows)]
    return "\n".join([*lines, *(f"  {note}" for note in notes.splitlines())])


def _line(row: Row, widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "  ".join(cells).rstrip()
