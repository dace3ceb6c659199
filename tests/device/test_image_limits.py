"""Images whose digests contradict each other, and those that do not fit their slot."""

from hashlib import md5, sha256

import flash
from check import raises
from test_slot import Told, slot_with

from slotcast.errors import ImageError
from slotcast.image import image_digest, verify_header, verify_image_steps
from slotcast.steps import finish

HEAP_KIB = 1024
IMAGE = flash.app_image()


class Shrunk:
    """A slot that ends where it is told to."""

    def __init__(self, image, size):
        self.image = image
        self.size = size

    def readinto(self, offset, buffer):
        assert offset + len(buffer) <= self.size, "read beyond the slot"
        buffer[:] = self.image[offset : offset + len(buffer)]


def verify(image, told, size=4096):
    finish(verify_image_steps(slot_with(image)[1], told, memoryview(bytearray(size))))


def segmented(count):
    """An image of one segment of 8 bytes and empty ones, `count` in all."""
    image = bytearray(IMAGE[:40]) + bytes(8 * (count - 1))
    image[1], image[28:32] = count, b"\x08\0\0\0"
    image += bytes(16 - len(image) % 16)
    return bytes(image) + sha256(image).digest()


def test_an_erased_slot_holds_no_image():
    raises(ImageError, verify_header, slot_with()[1], "esp32", says="no ESP image")


def test_what_begins_with_another_byte_has_no_digest():
    raises(ImageError, image_digest, slot_with(b"\xea" + IMAGE[1:])[1], says="no ESP image")


def test_an_image_has_at_most_16_segments():
    image = segmented(16)
    assert image_digest(slot_with(image)[1]) == image[-32:].hex()
    raises(ImageError, image_digest, slot_with(segmented(17))[1], says="no ESP image")


def test_an_image_may_fill_its_slot_but_not_exceed_it():
    assert image_digest(Shrunk(IMAGE, len(IMAGE))) == IMAGE[-32:].hex()
    for missing in (1, 31, 32, 33, 48, 60, 800):
        slot = Shrunk(IMAGE, len(IMAGE) - missing)
        raises(ImageError, image_digest, slot, says="beyond the slot")


def test_segments_are_followed_inside_the_slot_only():
    image = segmented(16)
    for size in range(48, len(image)):
        raises(ImageError, image_digest, Shrunk(image, size), says="beyond the slot")


def test_a_genuine_image_for_another_chip_is_refused():
    image = flash.app_image(chip_id=5)
    raises(ImageError, verify, image, Told(image), says="another chip")


def test_a_digest_of_its_own_that_is_not_the_images_is_refused():
    image = IMAGE[:-32] + bytes(range(32))
    raises(ImageError, verify, image, Told(image), says="own digest")


def test_a_digest_elsewhere_than_behind_the_segments_is_refused():
    body = IMAGE[:-32] + bytes(range(32)) + bytes(16)
    image = body + sha256(body).digest()
    raises(ImageError, verify, image, Told(image), says="behind its digest")


def test_each_digest_is_named_when_it_differs():
    for name, says in (("sha256", "SHA-256"), ("md5", "MD5")):
        told = Told(IMAGE)
        setattr(told, name, "0" * len(getattr(told, name)))
        raises(ImageError, verify, IMAGE, told, says=says)
    assert Told(IMAGE).md5 == md5(IMAGE).digest().hex()


def test_an_image_verifies_however_its_end_falls_into_the_buffer():
    for size in range(1, 70):
        verify(IMAGE, Told(IMAGE), size)


def test_a_step_is_16_kib_or_a_buffer():
    image = flash.app_image(body=bytes(34000))
    told, slot = Told(image), slot_with(image, sectors=9)[1]
    for size, steps in ((100, 2), (4096, 2), (8192, 2), (16384, 2)):
        steps_taken = list(verify_image_steps(slot, told, memoryview(bytearray(size))))
        assert steps_taken == [None] * steps, size
