"""The doctor's reports in docs/doctor.md are a check: it fails where the doctor says too little."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.infra import doctor_table
from tests.infra.doctor_account import as_changed, as_deployed
from tests.infra.doctor_edges import BROKEN, SOUND, wrong
from tests.infra.doctor_harm import HARM
from tests.infra.doctor_harm import SOUND as AS_DEPLOYED
from tests.infra.doctor_lines import Expected, Line, Report, added, lines, with_samples, without_ok

PRINTED = """\
sensor at https://localhost:1/sensor/
group    check        state    found
edge     pin-sets     FAIL     a set refuses it
edge     tls-ciphers  UNKNOWN  nothing to choose from
product  chain        OK       verified as by a new board
to mend:
  FAIL pin-sets: serve another
findings: 1 wrong, 1 not known, 1 in order
"""
UNKNOWN, OK = Line("UNKNOWN", "tls-ciphers", "no"), Line("OK", "chain", "yes")


def as_told(told: Sequence[Expected]) -> list[Line]:
    """Findings that are what is expected."""
    return [Line(*one) for one in told]


def test_a_report_is_taken_apart_into_its_findings() -> None:
    assert lines(PRINTED) == [
        Line("FAIL", "pin-sets", "a set refuses it"),
        Line("UNKNOWN", "tls-ciphers", "nothing to choose from"),
        Line("OK", "chain", "verified as by a new board"),
    ]
    assert without_ok(PRINTED).splitlines() == [
        line for line in PRINTED.splitlines() if " OK " not in line
    ]


@pytest.mark.parametrize("state", ["FAIL", "WARN"])
def test_a_sound_deployment_must_have_no_fault(state: str) -> None:
    assert wrong(SOUND, [UNKNOWN, OK]) == []
    assert wrong(SOUND, [OK, Line(state, "reach", "nobody")]) == [f"{state} reach nobody"]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.title)
def test_what_is_broken_must_be_told(case) -> None:
    told = as_told(case.told)
    assert case.told
    assert wrong(case, told) == []
    for one in told:
        rest = [other for other in told if other != one]
        assert len(wrong(case, rest)) == 1
        assert len(wrong(case, [*rest, one._replace(state="OK")])) == 1


def test_the_account_as_deployed_must_have_what_is_known_and_no_more() -> None:
    known = [
        f"aws  {check}  {state}  {part}\n"
        for state, check, part in AS_DEPLOYED
        if check.startswith("bucket-")
    ]
    for check in ("bucket-private", "bucket-policy"):
        more = as_deployed("".join([*known, f"aws  {check}  FAIL  open\n"])).wrong
        assert f"An account as deployed: FAIL {check} is not expected: open" in more
    rest = as_deployed("".join(known)).wrong
    assert not any("bucket-" in one for one in rest)
    assert any("no WARN of distribution-tls" in one for one in rest)


def test_each_change_by_hand_must_be_told() -> None:
    sound = [(harm, as_told(harm.told)) for harm in HARM]
    assert as_changed(sound).wrong == []
    first = (HARM[0], [])
    report = as_changed([first, *sound[1:]])
    assert [one.partition(":")[0] for one in report.wrong] == [HARM[0].what]
    assert f"| {HARM[0].what} |  |  | nothing more |" in report.text


def test_only_what_is_new_is_told_of_a_change() -> None:
    before = Line("FAIL", "private-keys", "a is a key (looked into 1 of 1 objects)")
    again = before._replace(found="a is a key (looked into 2 of 2 objects)")
    new = before._replace(found="b is a key (looked into 2 of 2 objects)")
    assert added([before], [again, new]) == [new]


def test_ids_are_the_same_in_each_run() -> None:
    one = with_samples("h1: the private key of root, 11111111 in root 2", {"h1": "HOST"})
    other = with_samples("h2: the private key of root, 22222222 in root 2", {"h2": "HOST"})
    assert one == other
    assert one.startswith("HOST: the private key of root, ")
    assert with_samples(f"payloads/{'1' * 64}.slc", {}) == "payloads/11111111….slc"


def test_a_page_is_written_only_if_all_is_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "doctor.md"
    page.write_text("before".join(doctor_table.MARKS))
    monkeypatch.setattr(doctor_table, "PAGE", page)
    assert doctor_table.publish([Report("a\n"), Report("b\n", ["A: no FAIL"])], True) == 1
    assert page.read_text() == "before".join(doctor_table.MARKS)
    assert capsys.readouterr().err == "not as it should be: A: no FAIL\n"
    assert doctor_table.publish([Report("a\n"), Report("b\n")], True) == 0
    assert "a\n\nb\n" in page.read_text()
