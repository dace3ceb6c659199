"""What `mip` and a firmware build take: every module of the device, and one version everywhere."""

import json
import subprocess
import threading
import tomllib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import publisher
import slotcast
from device.virtual.programs import find_micropython

ROOT = Path(__file__).parents[2]
DEVICE = ROOT / "device"
PACKAGE = json.loads((DEVICE / "package.json").read_text())
MODULES = sorted(path.relative_to(DEVICE).as_posix() for path in DEVICE.glob("slotcast/**/*.py"))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def url():
    """Where the folder `device` is served, by plain HTTP: mip checks no certificate anyway."""
    handler = partial(Quiet, directory=DEVICE)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def micropython(*arguments, path=""):
    command = [find_micropython(), *arguments]
    env = {"MICROPYPATH": f"{path}:.frozen"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_package_json_lists_every_module_of_the_device():
    assert PACKAGE["urls"] == [[module, module] for module in MODULES]


def test_there_is_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = {PACKAGE["version"], project["version"]}
    assert versions | {publisher.__version__, slotcast.__version__} == {project["version"]}


def test_a_wheel_takes_every_file_that_is_not_a_module():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    kinds = setuptools["package-data"]["*"]
    folders = (ROOT / "publisher", DEVICE, ROOT / "infra", ROOT / "manifests")
    files = [path for folder in folders for path in folder.rglob("*.*") if path.is_file()]
    assert not [path for path in files if not any(map(path.match, [*kinds, "*.pyc"]))]


def test_mip_installs_the_package(url, tmp_path):
    micropython("-m", "mip", "install", "--target", str(tmp_path), url)
    for module in MODULES:
        assert (tmp_path / module).read_bytes() == (DEVICE / module).read_bytes()
    assert len(list(tmp_path.rglob("*.*"))) == len(MODULES)
    code = "from slotcast import updater, __version__; print(__version__)"
    assert micropython("-c", code, path=str(tmp_path)).strip() == PACKAGE["version"]


def test_a_firmware_build_freezes_the_same_package():
    frozen = []

    def package(name, base_path, opt):
        """As tools/manifestfile.py of MicroPython: all of base_path/name/**/*.py."""
        frozen.extend((DEVICE / base_path / name).rglob("*.py"))

    exec((DEVICE / "manifest.py").read_text(), {"package": package})
    assert sorted(path.relative_to(DEVICE).as_posix() for path in frozen) == MODULES
