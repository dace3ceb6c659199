"""What all tests share: real firmware, one S3 server for the whole run, what was compiled once."""

import gc
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from device.virtual import programs

HERE = Path(__file__).parent
# Of short tests only.
SHORT = ("unit", "device")
LAUNCHER = """\
#!{python} -IS
import sys
sys.path.append({folder!r})
from micropython_unix import main
sys.exit(main())
"""


def pytest_configure(config: pytest.Config) -> None:
    """Have xdist take files as they are collected, rather than those with the fewest tests last."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: at the end no core waits for another's last file.

    Raises:
        UsageError: two tests have the same id, of which pytest-xdist would run one.
    """
    counted = Counter(item.nodeid for item in items)
    if twins := [nodeid for nodeid, count in counted.items() if count > 1]:
        raise pytest.UsageError(f"tests of the same id: {', '.join(twins)}")
    items.sort(key=lambda item: item.path.parent.name in SHORT)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Each source is compiled once by a process, however many boards run it."""
    compile_one, made = programs._compile, {}

    def look_up(source: Path, name: str, target: Path, options: Sequence[str]) -> None:
        # With the finder: a test may put another in its place.
        key = (programs._find_mpy_cross, source.read_bytes(), name, *options)
        if key not in made:
            compile_one(source, name, target, options)
            made[key] = target.read_bytes()
        target.write_bytes(made[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "_compile", look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def micropython_at_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """MicroPython starts in half the time: what comes from PyPI is in a Python that it never uses.

    The launcher that pip makes has that Python look for its site-packages first.
    """
    launcher = tmp_path_factory.mktemp("bin") / "micropython"
    launcher.write_text(
        LAUNCHER.format(python=sys.executable, folder=sysconfig.get_path("platlib"))
    )
    launcher.chmod(0o755)
    find = programs._find

    def find_quick(program: str, package: str) -> str:
        found = find(program, package)
        return str(launcher) if program == "micropython" else found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "_find", find_quick)
        yield


@pytest.fixture(autouse=True)
def heap_of_its_own() -> Iterator[None]:
    """Garbage is looked for in what a test made itself.

    The device's code has it collected often; among all that a long run of tests holds, that took
    twenty times as long as the test.
    """
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[object]:
    """A running seaweedfs.Server."""
    from seaweedfs import seaweedfs

    with seaweedfs() as server:
        yield server


@pytest.fixture(scope="session")
def firmware() -> Path:
    """The folder with real firmware: full flash files under their own names."""
    folder = HERE.parent / ".cache" / "firmware"
    assert (folder / ".ready").exists(), "no real firmware: run `make .cache/firmware/.ready`"
    return folder
