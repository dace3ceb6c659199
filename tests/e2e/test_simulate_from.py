"""Virtual boards of released versions go the ways that were proved for them."""

import json
import re

import pytest
from product import BOARD, CHANNEL, Product
from small_fleet import release

from device.virtual.images import build_app

WHERE = ("--channel", CHANNEL, "--board", BOARD)


def simulate(
    product: Product, capsys: pytest.CaptureFixture[str], *versions: str
) -> tuple[int, dict[str, list[str]]]:
    """The exit code, and the ways of boards by the version that they start from."""
    capsys.readouterr()
    code = product.slotcast("simulate", *WHERE, "--json", "--from", *versions)
    journeys = json.loads(capsys.readouterr().out)["journeys"]
    assert all(journey["as_predicted"] for journey in journeys)
    return code, {one["from"]: [*one["taken"], one["outcome"]] for one in journeys}


def test_boards_take_first_what_they_need_first_until_one_has_no_room(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    release(product, "1.0.0", build_app(seed=1))
    release(product, "1.1.0", build_app(seed=2, size=400_000))
    release(product, "1.2.0", build_app(seed=3), "--min-version", "1.1.0")
    there = "current: runs 1.2.0 already"
    first = ["1.1.0", "1.2.0", there]
    assert simulate(product, capsys, "all") == (
        0,
        {"1.0.0": first, "1.1.0": ["1.2.0", there], "1.2.0": [there], None: first},
    )
    settings = product.folder / "slotcast.toml"
    text, changes = re.subn("slot_size = 0x1E0000", "slot_size = 0x50000", settings.read_text())
    assert changes == 1
    settings.write_text(text)
    refused = ["refuse: image of 400000 bytes, slot of 327680"]
    assert simulate(product, capsys, "1.0.0") == (1, {"1.0.0": refused})
    why = "1.1.0 (takes first): image of 400000 bytes, slot of 327680"
    command = ("release", "app.bin", "--version", "1.3.0", *WHERE, "--min-version", "1.1.0")
    assert product.slotcast(*command) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"slotcast: error: {CHANNEL}/{BOARD} would strand boards on 1.0.0: 1.0.0 -> {why}",
        f"{CHANNEL}/{BOARD} would strand boards from the factory: unknown version -> {why}",
        "hint: 1.1.0 does not fit the slot of [boards.sensor-r2]: leave --min-version out, or put "
        "slot_size back",
    ]


def test_a_version_that_was_never_released_is_no_start(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    release(product, "1.0.0", build_app(seed=1))
    assert product.slotcast("simulate", *WHERE, "--from", "0.9.0") == 1
    assert "version 0.9.0 was never released there" in capsys.readouterr().err


def ends(
    product: Product, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str, str]:
    """The exit code of simulate, the first line with "waits" on stdout, and stderr's warnings."""
    capsys.readouterr()
    code = product.slotcast("simulate", *WHERE, *options)
    out, err = capsys.readouterr()
    waits = [line for line in out.splitlines() if "waits: " in line]
    return code, waits[0] if waits else "", "".join(re.findall("warning: .*", err))


def test_a_board_that_waits_is_not_left_behind(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    release(product, "1.0.0", build_app(seed=1))
    share = ("--rollout", "0%", "--group", "canary")
    release(product, "1.1.0", build_app(seed=2), *share)
    why = "waits: 1.1.0 goes to 0 % of boards (one of canary: --group canary)"
    assert ends(product, capsys) == (0, f"the board {why}", "")
    code, line, warnings = ends(product, capsys, "--from", "1.0.0")
    assert (code, warnings) == (0, "")
    assert line.startswith("1.0.0 ")
    assert line.endswith(f"  {why}")
    assert ends(product, capsys, "--from", "1.0.0", "--group", "canary") == (0, "", "")
