"""A release whose roles a token signs, as a release engineer's commands have it."""

from pathlib import Path

import esp_images
from elsewhere import found
from leaks import files_below, watch

URIS = {
    "targets": "pkcs11:token=slotcast;object=targets",
    "timestamp": "pkcs11:token=slotcast;object=timestamp",
}
RELEASE = ("release", "image.bin", "--version", "1.0.0", "--channel", "stable", "--board", "b1")


def test_a_token_signs_a_release_and_its_pin_shows_nowhere(hsm, tmp_path: Path) -> None:
    product = found(tmp_path)
    product.hand_over(URIS, hsm.environment())
    (tmp_path / "image.bin").write_bytes(esp_images.app_image("esp32", version="1.0.0"))
    pin, wrong = hsm.environment()["SLOTCAST_PKCS11_PIN"], "33221100"

    refused = watch(product, *RELEASE, **{**hsm.environment(), "SLOTCAST_PKCS11_PIN": wrong})
    assert (refused[0], "the PIN is wrong" in refused[1]) == (1, True)
    done = watch(product, *RELEASE, **hsm.environment())
    assert done[0] == 0, done[1]
    verified = product.slotcast("verify", "--brief")
    assert verified.returncode == 0, verified.stdout

    said = "\n".join([*refused[1:], *done[1:], files_below(tmp_path, lambda path: False)])
    assert pin not in said
    assert wrong not in said


def test_without_a_terminal_and_a_pin_the_variable_is_named(hsm, tmp_path: Path) -> None:
    product = found(tmp_path)
    product.hand_over(URIS, hsm.environment())
    variables = hsm.environment()
    del variables["SLOTCAST_PKCS11_PIN"]
    (tmp_path / "image.bin").write_bytes(esp_images.app_image("esp32", version="1.0.0"))
    done = product.slotcast(*RELEASE, **variables)
    assert done.returncode == 1
    assert "the PIN of token slotcast is needed, and there is no terminal to ask at" in done.stderr
    assert "hint: set SLOTCAST_PKCS11_PIN" in done.stderr
