"""Prints what `slotcast doctor` says of sound and broken deployments, as Markdown.

`python tests/infra/doctor_table.py`; `--write` puts it into docs/doctor.md, between the marks.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments import Deployment

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "doctor.md"
MARKS = ("<!-- reports -->\n", "<!-- end of reports -->\n")


def reports() -> Iterator[str]:
    """A section of each deployment: its name, and the doctor's report."""
    import deployments as made

    yield section("A sound deployment", made.Deployment)
    broken: dict[str, Callable[[Deployment], None]] = {
        "The edge speaks TLS 1.3 alone": made.tls_1_3_alone,
        "A pin set in the field refuses the certificate": made.refused_by_a_pin_set,
        "The edge keeps timestamp.json for a day": made.pointer_kept_for_a_day,
        "What is missing is answered with a web page": made.page_for_what_is_missing,
        "The edge compresses": made.compressed,
        "Private keys lie in the bucket": made.keys_in_the_bucket,
        "The edge serves an older timestamp than the store has": made.stale_edge,
    }
    yield section("The certificate nears its end", made.expiring_certificate, is_broken=True)
    yield section("The refresh job is dead", lambda folder: made.Deployment(folder, 6), None, True)
    for title, breaks in broken.items():
        yield section(title, made.Deployment, breaks, is_broken=True)


def section(
    title: str,
    make: Callable[[Path], Deployment],
    breaks: Callable[[Deployment], None] | None = None,
    is_broken: bool = False,
) -> str:
    """One deployment's section; of a broken one only what is not in order is shown."""
    with tempfile.TemporaryDirectory() as scratch:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            deployment = make(Path(scratch))
        with deployment:
            text = told(deployment, breaks)
        lines = told_lines(text, deployment, is_broken)
    return f"### {title}\n\n```console\n$ slotcast doctor\n{lines}```\n\n"


def told(deployment: Deployment, breaks: Callable[[Deployment], None] | None) -> str:
    """What the doctor prints of a deployment that is broken first."""
    from publisher import cli

    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        if breaks:
            breaks(deployment)
    with redirect_stdout(io.StringIO()) as out:
        cli.main(["doctor", "--settings", str(deployment.folder / "slotcast.toml")])
    return out.getvalue()


def told_lines(text: str, deployment: Deployment, is_broken: bool) -> str:
    """The lines of a report, as if the deployment had a name and a bucket."""
    host = re.escape(deployment.host.removeprefix("https://").rstrip("/"))
    text = re.sub(host, "updates.example.com", text).replace(
        "CN=localhost", "CN=updates.example.com"
    )
    text = text.replace(str(deployment.store.location), "s3://acme-firmware")
    lines = text.splitlines(keepends=True)
    if is_broken:
        lines = [line for line in lines if not re.match(r"\S+ +\S+ +OK ", line)]
    return "".join(lines)


def main() -> None:
    text = "".join(reports())
    print(text, end="")
    if "--write" in sys.argv:
        from marked import write_between

        write_between(PAGE, MARKS, text)


if __name__ == "__main__":
    parts = (".", "device", "tests", "tests/unit", "tests/e2e")
    sys.path[:1] = [str(ROOT / part) for part in parts]  # in place of this folder
    main()
