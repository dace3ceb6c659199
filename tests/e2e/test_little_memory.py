"""Whole updates in little memory: from an idle board to a confirmed one, TUF and TLS included."""

from product import Product

from tests.frozen import freeze_application

# Of 64-bit objects, with the code in flash: what `make bench` finds, and a little more, as how the
# heap is cut up differs from run to run. To be lowered with it, never raised without telling why.
HEAP_KIB = 108
PAYLOAD_MEMORY = 13312


def test_an_update_by_a_delta_passes_in_a_small_heap(product: Product) -> None:
    give_memory(product)
    product.release("3.1.1")
    product.set_deltas(1)
    new = product.release("3.2.5")
    with product.rig("3.1.1") as rig:
        rig.board.code_in_flash = True
        freeze_application(rig.board)
        rig.board.heap_kib = HEAP_KIB
        poll = rig.poll()
        assert poll.outcome == "current: runs 3.2.5 already"
        assert [boot.image_digest for boot in poll.boots][-1] == new.image_digest
        assert any("install: delta payload of" in line for line in poll.lines)
        assert not any("install: full payload of" in line for line in poll.lines)
        assert poll.sent_bytes < 60_000


def give_memory(product: Product) -> None:
    """Have payloads made for a board that has little."""
    settings = product.folder / "slotcast.toml"
    text = settings.read_text()
    assert text.count('\nchip = "esp32"\n') == 1
    line = f"payload_memory = {PAYLOAD_MEMORY}"
    settings.write_text(text.replace('\nchip = "esp32"\n', f'\nchip = "esp32"\n{line}\n'))
