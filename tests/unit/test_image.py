import contextlib
import hashlib
import subprocess
import sys

import esp_images as esp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import ImageError
from publisher.image import read_image, verify_fits

APP = esp.app_image("esp32", version="1.4.3", project="sensor", secure_version=2)


def test_an_app_image_says_what_it_is():
    image = read_image(APP, "app.bin")
    assert (image.chip, image.version, image.project) == ("esp32", "1.4.3", "sensor")
    assert (image.secure_version, image.min_chip_rev, image.source) == (2, 3, "app")
    assert image.data == APP
    assert image.size == len(APP)


def test_the_digests_are_of_the_image_and_its_last_32_bytes():
    image = read_image(APP, "app.bin")
    assert image.sha256 == hashlib.sha256(APP).hexdigest()
    assert image.md5 == hashlib.md5(APP).hexdigest()
    assert image.image_digest == hashlib.sha256(APP[:-32]).hexdigest() == APP[-32:].hex()


@pytest.mark.parametrize("chip", ["esp32", "esp32s2", "esp32s3", "esp32c3", "esp32c6", "esp32p4"])
def test_the_application_of_a_full_flash_file_is_the_app_image(chip):
    app = esp.app_image(chip, version="2.0.0")
    image = read_image(esp.flash_file(chip, {0x10000: app}), "flash.bin")
    assert (image.data, image.chip, image.source) == (app, chip, "flash")


def test_a_flash_file_may_begin_at_flash_0_too():
    assert read_image(esp.flash_file("esp32", {0x10000: APP}, base=0), "merged.bin").data == APP


def test_a_factory_app_is_found_where_its_table_has_it():
    partitions = [("nvs", 1, 2, 0x9000, 0x6000), ("factory", 0, 0, 0x20000, 0x1F0000)]
    file = esp.flash_file("esp32", {0x20000: APP}, partitions)
    assert read_image(file, "flash.bin").data == APP


def test_what_an_older_firmware_left_behind_the_app_in_flash_is_not_taken():
    assert read_image(esp.flash_file("esp32", {0x10000: APP + b"old"}), "dump.bin").data == APP


def test_padding_behind_an_app_image_is_not_taken():
    assert read_image(APP + b"\xff" * 4096, "app.bin").data == APP


def damaged(at, image=APP):
    data = bytearray(image)
    data[at] ^= 1
    return bytes(data)


def redigested(image):
    """The image with a digest that fits, whatever was changed."""
    return image[:-32] + hashlib.sha256(image[:-32]).digest()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\x7fELF" + bytes(100), "is not an ESP image: it begins with 7f454c46"),
        (b"\xff" * 8192, "is not an ESP image"),
        (APP[:20], "cut off after 20 bytes"),
        (APP[:200], "cut off or damaged"),
        (APP[:-33], "cut off or damaged"),
        (APP[:-1], "cut off within its digest"),
        (APP + b"more", "goes on for 4 bytes after the image"),
        (APP + b"\xff" * 16 + b"\xe7", "goes on for 17 bytes"),
        (redigested(damaged(-33)), "its checksum is wrong"),
        (damaged(-1), "its SHA-256 is wrong"),
        (damaged(5), "its SHA-256 is wrong"),
        (
            esp.image("esp32", [(0x3F400020, esp.descriptor())], hash_appended=0),
            "no SHA-256 of its",
        ),
        (esp.image("esp32", [(0x3F400020, esp.descriptor())], hash_appended=7), "append_digest"),
        (esp.image(0x99, [(0x3F400020, esp.descriptor())]), "does not know \\(id 153\\)"),
        (esp.image("esp32", [(0x3F400020, esp.descriptor())] * 17), "17"),
        (esp.bootloader(), "is a bootloader"),
        (esp.bootloader() + b"\xff" * 4096, "is a bootloader"),
        (esp.bootloader().ljust(0xF000, b"\xff") + APP, "flash file for esp32 without a partition"),
        (esp.flash_file(apps={}), "with no application in it"),
        (esp.flash_file(apps={0x10000: APP[:-40]}), "application in file.bin is cut off"),
        (esp.flash_file(apps={0x10000: damaged(-1)}), "application in file.bin is damaged"),
        (esp.flash_file(apps={0x10000: esp.bootloader()}), "has no application descriptor"),
        (esp.flash_file(apps={0x10000: APP, 0x1F0000: APP}), "more than one .*: app0, app1"),
        (b"\xff" * 0x1000 + esp.bootloader("esp32c3"), "begins with 4096 blank bytes"),
    ],
)
def test_what_is_no_good_application_is_refused_with_the_reason(data, says):
    with pytest.raises(ImageError, match=says) as refusal:
        read_image(data, "file.bin")
    assert "file.bin" in str(refusal.value)


def test_a_partition_that_lies_before_the_file_is_not_taken_from_its_end():
    partitions = [("early", 0, 0, 0, 0x2000)]
    file = esp.flash_file("esp32", {0x10000: APP.ljust(0x1000, b"\xff")}, partitions)
    with pytest.raises(ImageError, match="with no application in it"):
        read_image(file, "flash.bin")


def test_a_damaged_partition_table_is_refused():
    file = bytearray(esp.flash_file())
    file[0x7000 + 4] ^= 1
    with pytest.raises(ImageError, match="MD5 is wrong"):
        read_image(bytes(file), "flash.bin")


@given(st.integers(0, len(APP) - 1), st.integers(1, 255))
def test_no_changed_byte_passes_as_a_good_image(at, change):
    data = bytearray(APP)
    data[at] ^= change
    with pytest.raises(ImageError):
        read_image(bytes(data), "app.bin")


@given(st.binary(max_size=64), st.integers(0, 0x11000))
def test_a_flash_file_with_anything_in_it_is_read_or_refused(noise, at):
    file = bytearray(esp.flash_file(apps={0x10000: APP}))
    file[at : at + len(noise)] = noise
    with contextlib.suppress(ImageError):
        assert read_image(bytes(file), "flash.bin").chip


def test_an_image_fits_its_chip_and_a_slot_of_its_size():
    verify_fits(read_image(APP, "app.bin"), "esp32", len(APP))


def test_the_wrong_chip_is_refused_by_name():
    with pytest.raises(ImageError, match="is for esp32, the board has an esp32c3"):
        verify_fits(read_image(APP, "app.bin"), "esp32c3", 0x1E0000)


def test_an_image_larger_than_the_slot_is_refused_with_the_bytes_that_are_too_many():
    with pytest.raises(ImageError, match=f"has {len(APP)} bytes, 3 more than"):
        verify_fits(read_image(APP, "app.bin"), "esp32", len(APP) - 3)


def test_the_real_firmware_of_every_chip_is_read(firmware):
    read = {}
    for path in sorted(firmware.glob("*.bin")):
        image = read_image(path.read_bytes(), path.name)
        assert path.read_bytes().endswith(image.data)
        read[path.name] = (image.chip, image.size, image.version, image.source)
    assert read["micrOS-esp32-1.28.0-3.3.0-0.bin"] == ("esp32", 1789216, "", "flash")
    assert read["esp32c5-20251209-v1.27.0.bin"] == ("esp32c5", 1838640, "", "flash")
    assert {chip for chip, *_ in read.values()} == {
        *("esp32", "esp32c3", "esp32c5", "esp32c6", "esp32s2", "esp32s3")
    }


def test_esptool_is_not_loaded_before_an_image_is_read():
    code = "import sys, publisher.image; assert not any('esptool' in name for name in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reading_prints_nothing(capfd):
    read_image(APP, "app.bin")
    with pytest.raises(ImageError):
        read_image(esp.image("esp32", [(0x3F400020, esp.descriptor())], hash_appended=7), "x.bin")
    assert capfd.readouterr() == ("", "")
