"""What `slotcast doctor` says of sound and broken deployments, in Markdown.

    python -m tests.infra.doctor_table [--write]

`--write` puts it into docs/doctor.md, between the marks. Exits with 1, and writes nothing, if a
sound deployment is not in order, or if the doctor does not say what is broken.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.infra import doctor_account, doctor_edges
from tests.infra.doctor_edges import BROKEN
from tests.infra.doctor_harm import HARM
from tests.infra.doctor_lines import Report
from tests.marked import write_between

PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"
MARKS = ("<!-- reports -->\n", "<!-- end of reports -->\n")
_ALL_TOLD = (
    f"{len(BROKEN)} broken deployments, {len(HARM)} changes by hand: the doctor tells of each what "
    "is expected of it (tests/infra/doctor_edges.py, doctor_harm.py).\n"
)


def main() -> int:
    """Deploy, break, print; 1 if the doctor says something else than it should."""
    return publish([*doctor_edges.reports(), *doctor_account.reports()], "--write" in sys.argv)


def publish(reports: Sequence[Report], is_written: bool) -> int:
    """Print reports, and write them into the page if all of them are as they should be."""
    text = "".join(f"{report.text}\n" for report in reports)
    print(text, end="")
    wrong = [one for report in reports for one in report.wrong]
    for one in wrong:
        print(f"not as it should be: {one}", file=sys.stderr)
    if wrong:
        return 1
    print(_ALL_TOLD, end="")
    if is_written:
        write_between(PAGE, MARKS, f"{text}{_ALL_TOLD}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
