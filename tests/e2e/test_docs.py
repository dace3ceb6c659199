"""What the pages say to type does what they say."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from publisher import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("manifests/*.md")])


def commands(page: str) -> list[list[str]]:
    """The slotcast command lines of a page's console sessions."""
    text = (ROOT / page).read_text()
    sessions = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    lines = re.findall(r"^\$ slotcast (.*)$", "\n".join(sessions), re.MULTILINE)
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_the_session_of_a_page_runs(
    page: str,
    tmp_path: Path,
    firmware: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLOTCAST_PASSPHRASE", "a long sentence that you keep")
    for version in ("3.1.1", "3.2.5"):
        shutil.copy(firmware / f"micrOS-esp32-1.28.0-{version}-0.bin", tmp_path)
    shutil.copy(firmware / "micrOS-esp32-1.28.0-3.2.5-0.bin", tmp_path / "firmware.bin")
    assert len(commands(page)) >= 4
    for command in commands(page):
        assert cli.main(command) == 0, capsys.readouterr().err
    assert (tmp_path / "factory" / "INSTALL.md").exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_every_command_is_in_the_pages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    names = re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE)
    text = "\n".join(page.read_text() for page in PAGES)
    assert len(names) >= 7
    assert [name for name in names if f"slotcast {name}" not in text] == []
