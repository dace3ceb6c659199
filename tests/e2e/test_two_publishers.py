"""Two publishers at once, as processes of their own, on one machine and on two."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from product import BOARD, CHANNEL, INIT

from device.virtual.images import build_app
from publisher import cli

WHERE = ("--board", BOARD)


@pytest.fixture(params=["directory", "s3"])
def here(request, tmp_path, monkeypatch):
    """A folder of a product at which 1.0.0 is released, on disk or in a bucket."""
    options = ()
    if request.param == "s3":
        server = request.getfixturevalue("s3_server")
        server.client().create_bucket(Bucket="two-publishers")
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        options = ("--store", "s3://two-publishers", "--endpoint-url", server.endpoint_url)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert cli.main([*INIT, *options]) == 0
    for number, version in enumerate(("1.0.0", "1.1.0", "1.2.0")):
        Path(f"{version}.bin").write_bytes(build_app(seed=number))
    assert cli.main(release("1.0.0", CHANNEL)) == 0
    return folder


@pytest.fixture
def there(here):
    """Another machine: a folder with the same keys, and the same store."""
    folder = here.parent / "there"
    shutil.copytree(here, folder, ignore=shutil.ignore_patterns("published"))
    settings = folder / "slotcast.toml"
    settings.write_text(settings.read_text().replace('"published"', '"../here/published"'))
    return folder


def release(version, channel):
    return ["release", f"{version}.bin", "--version", version, "--channel", channel, *WHERE]


def at_once(*commands):
    """Run command lines at the same time, each (folder, arguments); what they said."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "publisher", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=None,
        )
        for folder, arguments in commands
    ]
    said = [process.communicate(timeout=120) for process in processes]
    for process, (_, err) in zip(processes, said, strict=True):
        assert process.returncode == 0, err
    return said


def test_what_publishers_do_at_once_is_all_done_and_nothing_is_lost(here, there, capsys):
    at_once(
        (here, release("1.1.0", "beta")),
        (here, ["rollout", CHANNEL, BOARD, "25%"]),
        (there, release("1.2.0", "nightly")),
    )
    capsys.readouterr()
    assert cli.main(["status", "--json"]) == 0
    offers = {one["channel"]: one for one in json.loads(capsys.readouterr().out)["offers"]}
    assert offers["beta"]["version"] == "1.1.0"
    assert offers["nightly"]["version"] == "1.2.0"
    assert (offers[CHANNEL]["version"], offers[CHANNEL]["basis_points"]) == ("1.0.0", 2500)
    assert cli.main(["verify", "--brief"]) == 0
