import esp_images as esp
import pytest

from publisher.errors import ImageError, SettingsError
from publisher.partitions import (
    Partition,
    ota_table,
    parse_binary,
    parse_csv,
    slot_size,
    to_binary,
    to_csv,
)

ARTICLE = """\
# Name,   Type, SubType, Offset,   Size,     Flags
nvs,      data, nvs,     0x9000,   0x4000,
otadata,  data, ota,     0xd000,   0x2000,
phy_init, data, phy,     0xf000,   0x1000,

app0,     app,  ota_0,   0x10000,  0x1E0000,
app1,     app,  ota_1,   0x1F0000, 0x1E0000, encrypted
"""


def as_partitions(rows):
    return tuple(Partition(*row) for row in rows)


def test_csv_and_binary_of_one_table_read_alike():
    assert parse_csv(ARTICLE) == parse_binary(esp.table()) == as_partitions(esp.ARTICLE_TABLE)


def test_blank_offsets_follow_and_apps_are_aligned_to_64_kib():
    table = parse_csv("nvs,data,nvs,,16K\nota,data,ota,,8K\na,app,ota_0,,1M\nb,app,ota_1,,0x100000")
    assert [entry.offset for entry in table] == [0x9000, 0xD000, 0x10000, 0x110000]
    assert slot_size(table) == 0x100000


def test_a_negative_size_says_where_the_partition_ends():
    (vfs,) = parse_csv("vfs, data, fat, 0x200000, -4M")
    assert vfs.size == 0x200000


def test_types_may_be_numbers():
    assert parse_csv("x, 0x40, 0x07, 0x9000, 4096") == (Partition("x", 0x40, 7, 0x9000, 4096),)


def test_the_slot_size_is_that_of_the_smaller_slot():
    text = ARTICLE.replace("0x1F0000, 0x1E0000", "0x1F0000, 0x180000")
    assert slot_size(parse_csv(text)) == 0x180000


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("app1,     app,  ota_1,   0x1F0000, 0x1E0000, encrypted", "1 OTA slots of at least 2"),
        ("otadata,  data, ota,     0xd000,   0x2000,", "no otadata"),
    ],
)
def test_a_table_that_no_board_can_update_with_has_no_slot_size(line, says):
    with pytest.raises(SettingsError, match=says):
        slot_size(parse_csv(ARTICLE.replace(line, "")))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x, app, ota_16, , 1M", 'the subtype "ota_16" is not known'),
        ("x, application, ota_0, , 1M", 'the type "application" is not known'),
        ("x, data, 255, , 1M", "0 to 254"),
        ("x, data, nvs, , 1G", '"1G" is not a number'),
        ("x, data, nvs, ,", '"" is not a number'),
        ("x, data, nvs, , 0", "a size of 0"),
        ("x, data, nvs, 0x20000, -64K", "a size of -65536"),
        ("x, data, nvs, 0x8000, 4K", "in the bootloader or this table"),
        ("x, app, ota_0, 0x18000, 1M", "not a multiple of 0x10000"),
        ("x, data, nvs, 0x9100, 4K", "not a multiple of 0x1000"),
        (", data, nvs, , 4K", "must have 1 to 15 characters"),
        ("sixteen-letters-, data, nvs, , 4K", "must have 1 to 15 characters"),
        ("x", 'the type "" is not known'),
    ],
)
def test_a_broken_line_is_refused_with_its_number(line, says):
    with pytest.raises(SettingsError, match=f"line 2: .*{says}"):
        parse_csv(f"# a table\n{line}\n")


def test_overlaps_and_repeated_names_are_refused():
    with pytest.raises(SettingsError, match="b overlaps a"):
        parse_csv("a, data, nvs, 0x9000, 8K\nb, data, phy, 0xa000, 4K")
    with pytest.raises(SettingsError, match="a is there twice"):
        parse_csv("a, data, nvs, 0x9000, 4K\na, data, phy, 0xa000, 4K")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "broken in entry 0"),
        (esp.table()[:40], "broken in entry 1"),
        (esp.table()[:32] + bytes(32), "broken in entry 1"),
        (esp.table().replace(b"app1", b"app2"), "MD5 is wrong"),
        (esp.table()[:32] * 96, "has no end"),
    ],
)
def test_a_broken_binary_table_is_refused(data, says):
    with pytest.raises(ImageError, match=says):
        parse_binary(data)


def test_the_table_of_real_firmware_is_read(firmware):
    data = (firmware / "esp32c3-20251209-v1.27.0.bin").read_bytes()
    table = parse_binary(data[0x8000:])
    assert [entry.name for entry in table][:3] == ["nvs", "phy_init", "factory"]
    assert not any(entry.is_ota_slot for entry in table)


def test_a_table_is_written_as_it_was_read():
    table = parse_csv(ARTICLE)
    assert parse_csv(to_csv(table)) == parse_binary(to_binary(table)) == table


def test_numbers_without_a_name_are_written_as_numbers():
    table = (Partition("x", 0x40, 7, 0x9000, 4096), Partition("y", 1, 0x90, 0xA000, 4096))
    assert parse_csv(to_csv(table)) == table


def test_slots_of_the_articles_size_leave_the_rest_of_4_mib_to_the_filesystem():
    vfs = ota_table(0x1E0000)[-1]
    assert (vfs.name, vfs.offset, vfs.size) == ("vfs", 0x3D0000, 0x30000)


def test_slots_are_rounded_up_to_where_an_app_may_begin():
    assert slot_size(ota_table(0x1E0000 - 0x1000)) == 0x1E0000
