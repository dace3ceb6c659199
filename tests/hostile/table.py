"""Plays every hostile case and prints the table: `python tests/hostile/table.py [WORDS OF A NAME]`.

`--write` puts it into docs/hostile.md, between the marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "hostile.md"
MARKS = ("<!-- cases -->\n", "<!-- end of cases -->\n")
HEADER = ("case", "where", "error", "bytes", "seconds", "heap, KiB")


def row(case, played) -> tuple[str, ...]:
    from hostile_board import TIMEOUT_S

    seconds = f"{case.seconds(10):.0f}: {played.seconds:.1f} of {case.seconds(TIMEOUT_S):.1f}"
    return (
        case.name,
        case.end,
        played.reason.replace("|", "/")[:100],
        f"{played.bytes:,} of {case.most_bytes:,}",
        seconds,
        f"{played.heap / 1024:.0f} of {case.heap_kib}",
    )


def table(words: str = "") -> str:
    from cases import CASES
    from hostile_play import play_all

    cases = [case for case in CASES if words in case.name]
    results = play_all(cases)
    lines = [HEADER, ("---",) * len(HEADER)]
    for case in cases:
        played, changes = results[case.name]
        if changes or not case.is_told(played.reason, played.log):
            sys.exit(f"{case.name}: changed {changes}: {played.log}")
        lines.append(row(case, played))
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/hostile", "tests/unit")]
    words = " ".join(word for word in sys.argv[1:] if word != "--write")
    text = table(words)
    print(text, end="")
    if "--write" in sys.argv:
        from marked import write_between

        write_between(PAGE, MARKS, text)
