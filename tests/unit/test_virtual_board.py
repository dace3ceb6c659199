"""The virtual board with real MicroPython: what its modules do, and how it boots."""

import datetime
import shutil
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from device.virtual.board import Board
from device.virtual.boot import Outcome, ResetCause
from device.virtual.errors import VirtualBoardError
from device.virtual.fakes.otadata import ABORTED, PENDING, VALID
from device.virtual.images import build_app, build_flash_file
from device.virtual.programs import compile_mpy
from device.virtual.table import DEFAULT_TABLE

APP = build_app(version="1.0.0", size=4096)
NEXT = build_app(version="1.1.0", size=4096)
DIGEST = APP[-32:].hex()
NEXT_DIGEST = NEXT[-32:].hex()

CONNECT = """
import network, time
station = network.WLAN(network.WLAN.IF_STA)
station.active(True)
station.connect("any", "key")
for _ in range(20):
    if station.isconnected():
        break
    time.sleep_ms(50)
"""

INSTALL = """
import esp32, machine
image = open("next.bin", "rb").read()
image += b"\\xff" * (-len(image) % 4096)
running = esp32.Partition(esp32.Partition.RUNNING)
slot = running.get_next_update()
print("in", running.info()[4], "cause", machine.reset_cause())
if machine.reset_cause() == machine.PWRON_RESET:
    slot.writeblocks(0, image)
    slot.set_boot()
    print("armed", esp32.Partition(esp32.Partition.BOOT).info()[4])
    machine.reset()
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    board = Board.create(tmp_path_factory.mktemp("board") / "template")
    board.flash_serial(APP)
    return board.directory


@pytest.fixture
def board(template, tmp_path):
    shutil.copytree(template, tmp_path / "board")
    made = Board(tmp_path / "board")
    made.world["speed"] = 1000
    return made


def run(board, main, **options):
    """Run main.py on the board; (boots, all that user code printed)."""
    board.copy_in({"main.py": main.encode()})
    boots = board.run(timeout_s=20, **options)
    lines = [line for boot in boots for line in boot.lines if "(boot)" not in line]
    return boots, lines


def printed(board, main):
    return run(board, main)[1]


def states(board):
    return [entry.state for entry in board.otadata()]


# Booting and files


def test_board_boots_its_image_and_runs_boot_py_then_main_py(board):
    board.copy_in({"boot.py": b"from_boot = 7"})
    boots, lines = run(board, "print(from_boot, __name__)")
    assert lines == ["7 __main__"]
    assert len(boots) == 1
    boot = boots[0]
    assert (boot.slot, boot.image_digest, boot.cause) == ("app0", DIGEST, ResetCause.POWER_ON)
    assert boot.outcome == Outcome.REPL


def test_uncaught_exception_prints_a_traceback_and_leaves_the_repl(board):
    boots, lines = run(board, "1 / 0")
    assert lines[-2:] == [
        '  File "main.py", line 1, in <module>',
        "ZeroDivisionError: divide by zero",
    ]
    assert boots[-1].outcome == Outcome.REPL


def test_main_py_does_not_run_after_a_boot_py_that_failed(board):
    board.copy_in({"boot.py": b"import nothing_such"})
    assert printed(board, "print('main')")[-1] == "ImportError: no module named 'nothing_such'"


def test_board_without_an_image_boots_nothing(tmp_path):
    boots = Board.create(tmp_path / "blank").run()
    assert [boot.outcome for boot in boots] == [Outcome.NO_IMAGE]


def test_chip_without_a_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no virtual esp8266"):
        Board.create(tmp_path / "board", chip="esp8266")


def test_first_boot_formats_the_filesystem(board):
    boots = board.run()
    assert "Performing initial setup" in boots[0].lines
    assert board.listdir() == ["boot.py"]
    assert "Performing initial setup" not in board.run()[0].lines


def test_files_go_in_and_come_out(board):
    board.copy_in({"lib/a/b.py": b"x = 1\n", "/data.bin": bytes(5000)})
    assert board.listdir("/lib") == ["a/"]
    assert board.copy_out("/lib/a/b.py") == b"x = 1\n"
    assert board.copy_out("data.bin") == bytes(5000)
    board.remove("data.bin")
    with pytest.raises(VirtualBoardError, match="ENOENT"):
        board.copy_out("data.bin")


def test_board_sees_its_own_files_only(board):
    lines = printed(board, "import os, sys; print(os.listdir('/'), os.getcwd(), sys.path)")
    assert lines == ["['boot.py', 'main.py'] / ['', '.frozen', '/lib']"]


def test_what_the_board_writes_survives_reset_and_power_cycle(board):
    count = """
import machine
try:
    n = int(open("n").read())
except OSError:
    n = 0
with open("n", "w") as file:
    file.write(str(n + 1))
print(n)
if n == 0:
    machine.reset()
"""
    assert printed(board, count) == ["0", "1"]
    board.power_cycle()
    assert board.run()[0].lines[-1] == "2"
    assert board.copy_out("n") == b"3"


def test_corrupt_filesystem_is_a_dead_board(board):
    board.run()
    with (board.directory / "flash.bin").open("r+b") as file:
        file.seek(0x3D0000)
        file.write(bytes(8192))
    boots = board.run(until=lambda line: "appears to be corrupted" in line)
    assert boots[0].outcome == Outcome.UNTIL


def test_compiled_packages_run_on_the_board(board, tmp_path):
    package = tmp_path / "source" / "greeting"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import micropython\n@micropython.viper\n"
        "def add(a: int, b: int) -> int:\n    return a + b\n"
    )
    compiled = compile_mpy(tmp_path / "source", tmp_path / "out")
    assert compiled == [tmp_path / "out" / "greeting" / "__init__.mpy"]
    board.copy_in({"lib/greeting/__init__.mpy": compiled[0].read_bytes()})
    assert printed(board, "import greeting; print(greeting.add(2, 3))") == ["5"]


def test_source_that_does_not_compile_is_an_error(tmp_path):
    (tmp_path / "bad.py").write_text("def :")
    with pytest.raises(VirtualBoardError, match=r"bad\.py does not compile"):
        compile_mpy(tmp_path, tmp_path / "out")


# Resets


def test_reset_is_abrupt_and_its_cause_survives(board):
    boots, lines = run(
        board,
        """
import machine
print(machine.reset_cause())
try:
    if machine.reset_cause() == machine.PWRON_RESET:
        machine.reset()
finally:
    print("finally")
""",
    )
    assert lines == ["1", "2", "finally"]
    assert [boot.outcome for boot in boots] == [Outcome.RESET, Outcome.REPL]
    assert [boot.cause for boot in boots] == [ResetCause.POWER_ON, ResetCause.HARD]


def test_watchdog_resets_a_board_that_sleeps_through_it(board):
    boots, lines = run(
        board,
        """
import machine, time
print(machine.reset_cause())
if machine.reset_cause() != machine.WDT_RESET:
    dog = machine.WDT(timeout=8000)
    for _ in range(4):
        time.sleep(7)
        dog.feed()
    print("fed")
    time.sleep(9)
    print("not reached")
""",
    )
    assert [line for line in lines if line in ("1", "3", "fed", "not reached")] == ["1", "fed", "3"]
    assert boots[0].outcome == Outcome.WDT


def test_watchdog_resets_a_board_that_is_busy_or_at_the_repl(board):
    main = "import machine\nif machine.reset_cause() != 3:\n    machine.WDT(timeout=200)\n"
    for rest in ("    while True: pass", "    1 / 0"):
        board.power_cycle()
        boots, _ = run(board, main + rest)
        assert [boot.outcome for boot in boots] == [Outcome.WDT, Outcome.REPL]
        assert boots[1].cause == ResetCause.WDT


def test_soft_reset_and_sys_exit_do_not_run_the_bootloader(board):
    for leave in ("machine.soft_reset()", "sys.exit()"):
        board.power_cycle()
        boots, lines = run(board, f"import machine, sys\nif machine.reset_cause() != 5: {leave}")
        assert [boot.outcome for boot in boots] == [Outcome.SOFT_RESET, Outcome.REPL]
        assert not boots[1].lines


def test_deep_sleep_lets_the_time_pass_and_leaves_otadata_alone(board):
    _, lines = run(
        board,
        """
import machine, time
print(time.time() // 60, machine.reset_cause())
if machine.reset_cause() == machine.PWRON_RESET:
    machine.deepsleep(600000)
""",
    )
    assert lines == ["0 1", "10 4"]


def test_until_stops_the_board_at_that_line(board):
    boots, lines = run(
        board,
        "import time\nfor n in range(1000):\n    print(n)\n    time.sleep(1)\nprint('end')",
        until=lambda line: line == "3",
    )
    assert boots[-1].outcome == Outcome.UNTIL
    assert lines[-1] == "3"


def test_run_ends_at_its_timeout_and_leaves_no_process(board):
    board.copy_in({"main.py": b"while True: pass"})
    started = time.monotonic()
    boots = board.run(timeout_s=0.3)
    assert boots[-1].outcome == Outcome.TIMEOUT
    assert time.monotonic() - started < 3
    assert not [cmd for cmd in command_lines() if str(board.directory) in cmd]


def command_lines():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


# Time


def test_clock_starts_in_2000_and_ntp_sets_it(board):
    board.world["clock_offset_s"] = 86400
    main = (
        CONNECT + "import ntptime; print(time.gmtime()[0]); ntptime.settime(); print(time.time())"
    )
    year, now = printed(board, main)
    assert year == "2000"
    expected = time.time() - 946684800 + 86400
    assert abs(int(now) - expected) < 120


def test_ntp_that_does_not_answer_is_a_timeout(board):
    board.world["ntp"] = False
    main = CONNECT + "import ntptime\ntry: ntptime.settime()\nexcept OSError as e: print(repr(e))"
    assert printed(board, main) == ["OSError(116,)"]


def test_rtc_survives_reset_and_not_a_power_cycle(board):
    main = """
import machine, time
clock = machine.RTC()
print(clock.datetime()[:6], clock.memory())
if machine.reset_cause() == machine.PWRON_RESET:
    clock.datetime((2026, 5, 4, 0, 3, 2, 1, 0))
    clock.memory(b"kept")
    machine.reset()
"""
    assert printed(board, main) == [
        "(2000, 1, 1, 5, 0, 0) b''",
        "(2026, 5, 4, 0, 3, 2) b'kept'",
    ]
    board.power_cycle()
    assert board.run()[0].lines[-1] == "(2000, 1, 1, 5, 0, 0) b''"


def test_sleep_takes_virtual_time_in_every_clock(board):
    main = """
import time
ticks, now = time.ticks_ms(), time.time()
time.sleep(3600)
print(time.ticks_diff(time.ticks_ms(), ticks) // 1000, time.time() - now)
print(time.mktime(time.gmtime(86399)), time.gmtime(0))
"""
    board.world["speed"] = 100000
    started = time.monotonic()
    passed, calendar = printed(board, main)
    assert passed in ("3600 3600", "3600 3601")
    assert calendar == "86399 (2000, 1, 1, 0, 0, 0, 5, 1)"
    assert time.monotonic() - started < 3


def test_asyncio_runs_on_virtual_ticks(board):
    main = """
import asyncio, time
time.sleep(10000)
async def work():
    for n in range(3):
        print(n)
        await asyncio.sleep_ms(5)
asyncio.run(work())
"""
    board.world["speed"] = 1000000
    assert printed(board, main) == ["0", "1", "2"]


# NVS


def test_nvs_keeps_values_and_has_the_codes_of_the_real_one(board):
    main = """
import esp32, machine
def code(function, *args):
    try:
        return function(*args)
    except OSError as error:
        return error.args
nvs = esp32.NVS("slotcast")
if machine.reset_cause() == 1:
    print(code(nvs.get_i32, "count"), code(nvs.erase_key, "count"))
    nvs.set_i32("count", -5)
    nvs.set_blob("digest", b"abc")
    print(code(nvs.set_i32, "k" * 16, 1), code(nvs.get_blob, "digest", bytearray(2)))
    machine.reset()
buffer = bytearray(8)
print(nvs.get_i32("count"), nvs.get_blob("digest", buffer), buffer)
print(code(esp32.NVS("other").get_i32, "count"))
nvs.erase_key("count")
print(code(nvs.get_i32, "count"))
"""
    missing = "(-4354, 'ESP_ERR_NVS_NOT_FOUND')"
    assert printed(board, main) == [
        f"{missing} {missing}",
        "(-4361, 'ESP_ERR_NVS_KEY_TOO_LONG') (-4364, 'ESP_ERR_NVS_INVALID_LENGTH')",
        "-5 3 bytearray(b'abc\\x00\\x00\\x00\\x00\\x00')",
        missing,
        missing,
    ]


def test_nvs_holds_many_writes_in_its_few_sectors(board):
    main = """
import esp32
nvs = esp32.NVS("n")
nvs.set_blob("first", b"x" * 100)
for n in range(1500):
    nvs.set_i32("n", n)
print(nvs.get_i32("n"))
try:
    nvs.set_blob("huge", bytes(9000))
except OSError as error:
    print(error.args)
"""
    assert printed(board, main) == ["1499", "(-4357, 'ESP_ERR_NVS_NOT_ENOUGH_SPACE')"]
    main = "import esp32; b = bytearray(100); print(esp32.NVS('n').get_blob('first', b), b[99])"
    assert printed(board, main) == ["100 120"]


def test_nvs_keeps_its_old_bank_until_the_new_one_is_whole(board):
    main = "import esp32\nnvs = esp32.NVS('n')\nnvs.set_blob('first', b'x')\n"
    printed(board, main + "for n in range(600): nvs.set_i32('n', n)")
    with (board.directory / "flash.bin").open("r+b") as file:
        banks = {}
        for address in (0x9000, 0xB000):
            file.seek(address)
            banks[int.from_bytes(file.read(12)[4:8], "little")] = address
        assert sorted(banks) == [1, 2]
        file.seek(banks[2])  # as if power had failed before the second bank's header
        file.write(b"\xff" * 12)
    main = "import esp32; b = bytearray(1); print(esp32.NVS('n').get_blob('first', b), b)"
    assert printed(board, main) == ["1 bytearray(b'x')"]


def test_torn_nvs_record_leaves_the_old_value(board):
    main = "import esp32, machine\nnvs = esp32.NVS('n')\n"
    printed(board, main + "nvs.set_i32('v', 1); nvs.set_i32('v', 2)")
    with (board.directory / "flash.bin").open("r+b") as file:
        file.seek(0x9000)
        nvs = bytearray(file.read(0x5000))
        nvs[nvs.rindex(b"n\0v") + 3] &= 0  # the newest value, half written
        file.seek(0x9000)
        file.write(nvs)
    assert printed(board, main + "print(nvs.get_i32('v')); nvs.set_i32('v', 3)") == ["1"]
    assert printed(board, main + "print(nvs.get_i32('v'))") == ["3"]


# Partitions and updates


def test_partition_answers_as_the_port_does(board):
    main = """
from esp32 import Partition
def code(function, *args):
    try:
        return function(*args)
    except (OSError, ValueError) as error:
        return error.args
slot = Partition(Partition.RUNNING).get_next_update()
print(slot.info(), slot.get_next_update().info()[4])
print([p.info()[4] for p in Partition.find(Partition.TYPE_DATA)])
print(len(Partition.find(label="app1")), code(Partition, "none"), code(Partition, 7))
print(slot.ioctl(4), slot.ioctl(5), slot.ioctl(99), Partition("app1", 512).ioctl(6, 0))
print(code(slot.writeblocks, 0, bytes(100)), code(slot.writeblocks, 479, bytes(8192)))
print(code(slot.readblocks, 480, bytearray(1)))
"""
    size_error = "(-260, 'ESP_ERR_INVALID_SIZE')"
    assert printed(board, main) == [
        "(0, 17, 2031616, 1966080, 'app1', False) app0",
        "['nvs', 'otadata', 'vfs']",
        "1 (2,) ()",
        "480 4096 None -22",
        f"{size_error} {size_error}",
        size_error,
    ]


def test_partition_writes_are_those_of_nor_flash(board):
    main = """
from esp32 import Partition
slot = Partition("app1")
got = bytearray(4)
slot.writeblocks(1, b"\\xf0" * 4096)
slot.writeblocks(1, b"\\x3c", 2)
slot.readblocks(1, got, 1)
print(got)
slot.ioctl(6, 1)
slot.readblocks(1, got)
print(got)
small = Partition("app1", 512)
small.writeblocks(9, b"new!" * 128)
slot.readblocks(1, got, 512)
print(got, slot.ioctl(4))
"""
    assert printed(board, main) == [
        "bytearray(b'\\xf00\\xf0\\xf0')",
        "bytearray(b'\\xff\\xff\\xff\\xff')",
        "bytearray(b'new!') 480",
    ]


def test_set_boot_with_a_bad_image_is_refused_and_otadata_untouched(board):
    before = [entry.to_bytes() for entry in board.otadata()]
    main = """
from esp32 import Partition
try:
    Partition("app1").set_boot()
except OSError as error:
    print(error.args)
"""
    lines = printed(board, main)
    assert lines[-1] == "(-5379, 'ESP_ERR_OTA_VALIDATE_FAILED')"
    # The first boot alone recorded its slot.
    assert before[1] == board.otadata()[1].to_bytes()
    assert states(board)[0] == VALID


def test_armed_image_boots_pending_and_rolls_back_unless_confirmed(board):
    board.copy_in({"next.bin": NEXT})
    boots, lines = run(board, INSTALL)
    assert lines == ["in app0 cause 1", "armed app1", "in app1 cause 2"]
    assert [boot.image_digest for boot in boots] == [DIGEST, NEXT_DIGEST]
    assert states(board) == [VALID, PENDING]
    assert board.slot_bytes(1).startswith(NEXT)
    assert board.run()[0].slot == "app0"
    assert states(board) == [VALID, ABORTED]


def test_confirmed_image_stays(board):
    board.copy_in({"next.bin": NEXT})
    confirm = "running.mark_app_valid_cancel_rollback()"
    boots, _ = run(board, f"{INSTALL}\n{confirm}\n{confirm}")
    assert states(board) == [VALID, VALID]
    board.power_cycle()
    board.copy_in({"main.py": b""})
    assert board.run()[0].slot == boots[-1].slot == "app1"


def test_full_flash_file_passes_set_boot_and_not_the_bootloader(board):
    board.copy_in({"next.bin": build_flash_file("esp32", DEFAULT_TABLE, NEXT)})
    boots, lines = run(board, INSTALL)
    assert "armed app1" in lines
    assert boots[1].slot == "app0"
    assert any("overlaps bootloader data" in line for line in boots[1].lines)
    assert states(board) == [VALID, PENDING]


@pytest.mark.parametrize("call", ["writeblocks(0, bytes(4096))", "ioctl(6, 0)"])
def test_writing_the_running_slot_panics_and_changes_nothing(board, call):
    main = f"""
import esp32, machine
if machine.reset_cause() == 1:
    esp32.Partition(esp32.Partition.RUNNING).{call}
"""
    boots, lines = run(board, main)
    assert any("abort() was called" in line for line in lines)
    assert [boot.outcome for boot in boots] == [Outcome.PANIC, Outcome.REPL]
    assert boots[1].cause == ResetCause.HARD
    assert board.slot_bytes(0).startswith(APP)


# Images and the world


def test_image_that_panics_is_rolled_back(board):
    board.copy_in({"next.bin": NEXT})
    board.world.sicken(NEXT_DIGEST, panic=True)
    boots, _ = run(board, INSTALL)
    assert [boot.slot for boot in boots] == ["app0", "app1", "app0"]
    assert [boot.outcome for boot in boots] == [Outcome.RESET, Outcome.PANIC, Outcome.REPL]
    assert states(board) == [VALID, ABORTED]


def test_image_that_hangs_never_reaches_user_code(board):
    board.world.sicken(DIGEST, hang=True)
    board.copy_in({"main.py": b"print('main')"})
    boots = board.run(timeout_s=0.3)
    assert boots[-1].outcome == Outcome.TIMEOUT
    assert "main" not in boots[-1].lines


def test_wifi_is_there_when_world_and_image_agree(board):
    main = CONNECT + "print(station.isconnected(), station.status(), station.ifconfig()[0])"
    assert printed(board, main) == ["True 1010 192.168.4.2"]
    board.world.sicken(DIGEST, wifi=False)
    assert printed(board, main) == ["False 201 0.0.0.0"]
    board.world.sicken(DIGEST)
    board.world["wifi"] = False
    assert printed(board, main) == ["False 201 0.0.0.0"]


def test_world_may_change_while_the_board_runs(board):
    def lose_wifi(number, line):
        if line == "True":
            board.world["wifi"] = False

    main = (
        CONNECT + "while station.isconnected():\n    print(True)\n    time.sleep(60)\nprint(False)"
    )
    _, lines = run(board, main, on_line=lose_wifi)
    assert lines[0] == "True"
    assert lines[-1] == "False"


def test_unknown_setting_of_the_world_is_refused(board):
    with pytest.raises(KeyError):
        board.world["wify"] = True


def test_names_resolve_by_the_worlds_table_and_only_with_wifi(board):
    board.world["hosts"] = {"a.example.com": ["127.0.0.1", 8443], "a.example.com:1": ["::1", 2]}
    main = """
import socket
def look_up(name, port=443):
    try:
        family, _, _, _, address = socket.getaddrinfo(name, port)[0]
        return family == socket.AF_INET, socket.sockaddr(address)[2]
    except OSError as error:
        return error.args
print(look_up("a.example.com"))
"""
    last = "print(look_up('a.example.com'), look_up('a.example.com', 1), look_up('b.example.com'))"
    lines = printed(board, main + CONNECT + last)
    assert lines == ["(-202,)", "(True, 8443) (False, 2) (-202,)"]


def test_heap_is_the_users_and_its_peak_can_be_measured(board):
    board.heap_kib = 64
    board.world["measure_heap"] = True
    main = (
        "import gc, time\nfree = gc.mem_free()\nkept = bytearray(20000)\ntime.sleep(1)\nprint(free)"
    )
    boots, lines = run(board, main)
    assert 40000 < int(lines[0]) < 64 * 1024
    assert 20000 < boots[0].peak_heap_bytes < 40000
    assert 10000 < board.prelude_heap() < 80000
    assert printed(board, "bytearray(64000)")[-1].startswith("MemoryError")


# TLS and the clock


class TlsServer:
    """A TLS server on loopback with a certificate of its own authority."""

    def __init__(self, folder, not_before, not_after):
        key = ec.generate_private_key(ec.SECP256R1())
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        ca_dates = (datetime.datetime(1999, 1, 1), datetime.datetime(2049, 1, 1))
        ca = certificate(ca_name, ca_name, ca_key.public_key(), ca_dates, ca_key, is_ca=True)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        leaf = certificate(name, ca_name, key.public_key(), (not_before, not_after), ca_key)
        self.anchor = ca.public_bytes(serialization.Encoding.DER)
        chain = folder / "server.pem"
        chain.write_bytes(
            leaf.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            try:
                with connection, self._context.wrap_socket(connection, server_side=True) as tls:
                    tls.sendall(b"hello")
            except OSError:
                continue


def certificate(name, issuer, public_key, dates, ca_key, is_ca=False):
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


TLS = (
    CONNECT
    + """
import machine, socket, tls
def connect(mode, callback=None):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = mode
    context.verify_callback = callback
    context.load_verify_locations(open("ca.der", "rb").read())
    sock = socket.socket()
    try:
        sock.connect(socket.getaddrinfo("localhost", 443)[0][-1])
        secure = context.wrap_socket(sock, server_hostname="localhost")
        return secure.read(5)
    except ValueError as error:
        return str(error).strip()
    finally:
        sock.close()
def at(year):
    machine.RTC().datetime((year, 6, 1, 0, 0, 0, 0, 0))
depths = []
def note(der, depth):
    depths.append(depth)
    return 0
"""
)


def test_tls_holds_certificates_against_the_boards_own_clock(board, tmp_path):
    year = datetime.datetime.now(datetime.UTC).year
    dates = (datetime.datetime(year - 1, 1, 1), datetime.datetime(year + 1, 12, 31))
    with TlsServer(tmp_path, *dates) as server:
        board.copy_in({"ca.der": server.anchor})
        board.world["hosts"] = {"localhost": ["127.0.0.1", server.port]}
        lines = printed(
            board,
            TLS
            + f"""
print(connect(tls.CERT_REQUIRED, note), depths)
print(connect(tls.CERT_OPTIONAL), connect(tls.CERT_NONE, note), depths)
at({year})
print(connect(tls.CERT_REQUIRED))
at({year + 2})
print(connect(tls.CERT_REQUIRED))
at({year})
try:
    print(connect(tls.CERT_REQUIRED, lambda der, depth: -1))
except OSError as error:
    print("refused by the callback")
""",
        )
    assert lines == [
        "The certificate validity starts in the future [1, 0]",
        "b'hello' b'hello' [1, 0]",
        "b'hello'",
        "The certificate validity has expired",
        "refused by the callback",
    ]


def test_tls_keeps_what_mbedtls_itself_refuses(board, tmp_path):
    year = datetime.datetime.now(datetime.UTC).year
    dates = (datetime.datetime(year - 3, 1, 1), datetime.datetime(year - 2, 1, 1))
    with TlsServer(tmp_path, *dates) as server:
        board.copy_in({"ca.der": server.anchor})
        board.world["hosts"] = {"localhost": ["127.0.0.1", server.port]}
        # The board believes in a time at which the certificate was valid; the host knows better.
        lines = printed(board, f"{TLS}\nat({year - 3})\nprint(connect(tls.CERT_REQUIRED))")
    assert lines == ["The certificate validity has expired"]
