"""The doctor's reports of deployments on this machine: a directory behind an edge of our own."""

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from publisher import cli
from publisher.doctor.findings import State
from tests.e2e import deployments as made
from tests.e2e.deployments import Deployment
from tests.infra.doctor_lines import (
    Expected,
    Line,
    Report,
    console,
    lines,
    not_told,
    with_samples,
    without_ok,
)


@dataclass(frozen=True)
class Case:
    """A deployment in a folder.

    Attributes:
        told: what the doctor says; () of a sound one, of which it must not say FAIL or WARN.
        make: deploys it.
        breaks: breaks it, while it serves.
    """

    title: str
    told: tuple[Expected, ...] = ()
    make: Callable[[Path], Deployment] = Deployment
    breaks: Callable[[Deployment], None] = lambda deployment: None


SOUND = Case("A sound deployment")
BROKEN = (
    Case(
        "The certificate nears its end",
        (("FAIL", "certificate-life", "3 days left"),),
        make=made.expiring_certificate,
    ),
    Case(
        "The refresh job is dead",
        (("FAIL", "refresh-job", "it was due"),),
        make=lambda folder: Deployment(folder, days_ago=6),
    ),
    Case(
        "The edge speaks TLS 1.3 alone",
        (("FAIL", "tls-versions", "1.3 alone"),),
        breaks=made.tls_1_3_alone,
    ),
    Case(
        "A pin set in the field refuses the certificate",
        (("FAIL", "pin-sets", "set 0"), ("WARN", "reach", "do not accept")),
        breaks=made.refused_by_a_pin_set,
    ),
    Case(
        "The edge keeps timestamp.json for a day",
        (("FAIL", "pointer-cache", "timestamp.json may be kept for 24 hours"),),
        breaks=made.pointer_kept_for_a_day,
    ),
    Case(
        "What is missing is answered with a web page",
        (("FAIL", "missing-names", "root.json"), ("FAIL", "missing-names", "payloads/")),
        breaks=made.page_for_what_is_missing,
    ),
    Case("The edge compresses", (("FAIL", "compression", "gzip"),), breaks=made.compressed),
    Case(
        "Private keys lie in the bucket",
        (
            ("FAIL", "private-keys", "keys/targets.txt"),
            ("FAIL", "private-keys", "is the private key of timestamp"),
        ),
        breaks=made.keys_in_the_bucket,
    ),
    Case(
        "The edge serves an older timestamp than the store has",
        (("FAIL", "edge-origin", "timestamp.json"),),
        breaks=made.stale_edge,
    ),
    Case(
        "Somebody has written version.json",
        (("FAIL", "version-json", "stable/b1/version.json does not say"),),
        breaks=made.forged_version_json,
    ),
)


def reports() -> Iterator[Report]:
    """A report of each deployment."""
    yield from map(report, (SOUND, *BROKEN))


def report(case: Case) -> Report:
    """One deployment's report; of a broken one only what is not in order is shown."""
    with tempfile.TemporaryDirectory() as folder:
        printed, samples = diagnosed(case, Path(folder))
    shown = with_samples(without_ok(printed) if case.told else printed, samples)
    text = f"### {case.title}\n\n{console('slotcast doctor', shown)}"
    return Report(text, [f"{case.title}: {one}" for one in wrong(case, lines(printed))])


def wrong(case: Case, found: Sequence[Line]) -> list[str]:
    """What the doctor should say of a deployment and does not, or says and should not."""
    if case.told:
        return not_told(case.told, found)
    return [" ".join(line) for line in found if line.state in (State.FAIL, State.WARN)]


def diagnosed(case: Case, folder: Path) -> tuple[str, dict[str, str]]:
    """What the doctor prints of a deployment, and sample names for what is in it."""
    settings, err = str(folder / "slotcast.toml"), io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(err), case.make(folder) as deployment:
        case.breaks(deployment)
        with redirect_stdout(io.StringIO()) as out:
            cli.main(["doctor", "--settings", settings])
    assert lines(out.getvalue()), err.getvalue()
    return out.getvalue(), samples(deployment)


def samples(deployment: Deployment) -> dict[str, str]:
    """A host and a bucket, as if they were real."""
    return {
        deployment.host.removeprefix("https://").rstrip("/"): "updates.example.com",
        "CN=localhost": "CN=updates.example.com",
        str(deployment.store.location): "s3://acme-firmware",
    }
