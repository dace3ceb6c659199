"""`slotcast payload`: on files alone, wherever one stands."""

import json
from random import Random

import esp_images
import pytest

from publisher.arguments import make_parser
from publisher.payload import DEFAULT_MEMORY, Base, encode_delta, encode_full

NOISE = Random(5).randbytes(5000)
OLD, NEW, OTHER = (
    esp_images.app_image(code=NOISE[:2000] + bytes([n]) * 8 + NOISE[2000:]) for n in range(3)
)
DELTA = encode_delta(Base(OLD, OLD[-32:]), NEW)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty directory with image files, and no slotcast.toml above it."""
    monkeypatch.chdir(tmp_path)
    files = {"old.bin": OLD, "new.bin": NEW, "other.bin": OTHER, "delta.slc": DELTA}
    files |= {"flash.bin": esp_images.flash_file(apps={0x10000: NEW})}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def answer(run, *argv):
    code, out, err = run("payload", *argv, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def refusal(run, *argv):
    code, out, err = run("payload", *argv)
    assert (code, out) == (1, "")
    return err


def test_an_image_is_encoded_and_comes_back_from_its_payload(run, here):
    said = answer(run, "encode", "--image", "new.bin", "--out", "p.slc")
    assert (said["kind"], said["base_digest"], said["out"]) == ("full", None, "p.slc")
    assert (here / "p.slc").read_bytes() == encode_full(NEW)
    said = answer(run, "apply", "--payload", "p.slc", "--out", "back.bin")
    assert (here / "back.bin").read_bytes() == NEW
    assert said["image_size"] == len(NEW)


def test_a_delta_is_made_on_a_base_and_applied_to_it(run, here):
    argv = ("--image", "new.bin", "--base", "old.bin", "--out", "p.slc")
    code, out, _ = run("payload", "encode", *argv)
    assert code == 0
    assert out.startswith(f"delta payload of {len(DELTA)} bytes, ")
    assert (here / "p.slc").read_bytes() == DELTA
    code, out, _ = run("payload", "apply", "--payload", "p.slc", "--base", "old.bin", "--out", "x")
    assert code == 0
    assert (here / "x").read_bytes() == NEW


def test_a_full_flash_file_stands_for_the_application_in_it(run, here):
    answer(run, "encode", "--image", "flash.bin", "--base", "old.bin", "--out", "p.slc")
    assert (here / "p.slc").read_bytes() == DELTA


def test_a_payload_is_made_for_a_board_with_other_memory(run, here):
    argv = ("encode", "--image", "new.bin", "--out", "p.slc")
    assert answer(run, *argv, "--memory", "0x2000")["memory"] <= 8192
    assert answer(run, *argv, "--memory", "131072", "--force")["memory"] <= DEFAULT_MEMORY
    delta = answer(run, *argv, "--base", "old.bin", "--memory", "131072", "--force")
    assert delta["memory"] > DEFAULT_MEMORY
    for wrong in ("0", "8191", "131073"):
        said = refusal(run, *argv, "--memory", wrong, "--force")
        assert f"--memory is {wrong}; it must be from 8192 to 131072" in said
    said = refusal(run, *argv, "--base", "old.bin", "--memory", "8192", "--force")
    assert "no delta can be decoded in 8192 bytes of memory" in said


def test_the_default_memory_is_told_in_the_help(capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args(["payload", "encode", "--help"])
    assert f"(default: {DEFAULT_MEMORY})" in capsys.readouterr().out


def test_info_shows_what_the_head_says(run, here):
    said = answer(run, "info", "delta.slc")
    assert (said["kind"], said["length"]) == ("delta", len(DELTA))
    assert (said["image_size"], said["base_digest"]) == (len(NEW), OLD[-32:].hex())
    assert said["frames"] == 1
    assert said["blocks"]["delta"]["bytes"] == said["length"] - said["head_length"]
    code, out, _ = run("payload", "info", "delta.slc")
    assert code == 0
    for part in (f"image_digest {OLD[-32:].hex()}", "delta", "relocation", f"{len(DELTA)} bytes"):
        assert part in out


def test_info_counts_blocks_and_bytes_of_each_encoding(run, here):
    answer(run, "encode", "--image", "new.bin", "--out", "p.slc", "--memory", "8192")
    said = answer(run, "info", "p.slc")
    blocks = said["blocks"]
    assert sum(one["blocks"] for one in blocks.values()) == -(-len(NEW) // said["block_size"])
    assert sum(one["bytes"] for one in blocks.values()) == said["length"] - said["head_length"]
    assert (said["frames"], said["relocation_entries"]) == (
        sum(b["blocks"] for b in blocks.values()),
        0,
    )


def test_a_delta_is_not_applied_to_another_base_or_none(run, here):
    argv = ("apply", "--payload", "delta.slc", "--out", "back.bin")
    said = refusal(run, *argv, "--base", "other.bin")
    assert OTHER[-32:].hex() in said
    assert OLD[-32:].hex() in said
    assert OLD[-32:].hex() in refusal(run, *argv)
    assert not (here / "back.bin").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (DELTA[:-1], "bytes"),
        (DELTA[:90], "cut off"),
        (DELTA + b"!", "bytes"),
        (NEW, "not a payload of format 1"),
        (b"", "cut off after 0 bytes"),
    ],
)
def test_what_is_no_whole_payload_is_refused_and_writes_nothing(run, here, data, says):
    (here / "bad.slc").write_bytes(data)
    assert says in refusal(run, "info", "bad.slc")
    argv = ("apply", "--payload", "bad.slc", "--base", "old.bin", "--out", "back.bin")
    assert says in refusal(run, *argv)
    assert not (here / "back.bin").exists()


def test_a_changed_payload_is_refused(run, here):
    changed = bytearray(DELTA)
    changed[-8] ^= 0x40
    (here / "bad.slc").write_bytes(changed)
    refusal(run, "apply", "--payload", "bad.slc", "--base", "old.bin", "--out", "back.bin")
    assert not (here / "back.bin").exists()


def test_images_that_make_no_pair_are_refused(run, here):
    (here / "c3.bin").write_bytes(esp_images.app_image("esp32c3"))
    argv = ("encode", "--image", "new.bin", "--out", "p.slc", "--base")
    assert "the base is for esp32c3, the image for esp32" in refusal(run, *argv, "c3.bin")
    assert "the base is the image itself" in refusal(run, *argv, "flash.bin")
    assert "not an ESP image" in refusal(run, *argv, "delta.slc")
    assert not (here / "p.slc").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ("encode", "--image", "new.bin"),
        ("apply", "--payload", "delta.slc", "--base", "old.bin"),
    ],
)
def test_a_file_that_is_there_is_replaced_only_by_force(run, here, argv):
    (here / "out").write_bytes(b"mine")
    assert "add --force" in refusal(run, *argv, "--out", "out")
    assert (here / "out").read_bytes() == b"mine"
    answer(run, *argv, "--out", "out", "--force")
    assert (here / "out").read_bytes() != b"mine"
    assert "is a folder" in refusal(run, *argv, "--out", str(here), "--force")
    assert "is no folder" in refusal(run, *argv, "--out", "nowhere/out")


def test_a_run_that_fails_leaves_the_file_that_was_there(run, here, monkeypatch):
    (here / "out").write_bytes(b"mine")
    argv = ("apply", "--payload", "delta.slc", "--base", "other.bin", "--out", "out", "--force")
    refusal(run, *argv)
    assert (here / "out").read_bytes() == b"mine"
    assert sorted(path.name for path in here.iterdir() if path.name.startswith(".")) == []


def test_a_subcommand_is_needed(run):
    with pytest.raises(SystemExit) as caught:
        run("payload")
    assert caught.value.code == 2


def test_what_is_read_is_never_written_over(run, here):
    encode = ("encode", "--image", "new.bin", "--base", "old.bin", "--force", "--out")
    apply = ("apply", "--payload", "delta.slc", "--base", "old.bin", "--force", "--out")
    for argv in ((*encode, "new.bin"), (*encode, "./old.bin"), (*apply, "delta.slc")):
        assert "is read by this very command" in refusal(run, *argv)
    assert (here / "old.bin").read_bytes() == OLD
    assert (here / "delta.slc").read_bytes() == DELTA
