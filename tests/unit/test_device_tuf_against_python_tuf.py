"""The board's TUF client against python-tuf's, on repositories that python-tuf published."""

import functools
import json
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import play_tuf_scenarios
import pytest
import tuf_publisher
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

import slotcast.client

DEVICE = Path(__file__).parents[2] / "device"
PLAYER = Path(play_tuf_scenarios.__file__)
ROLES = ("root", "timestamp", "snapshot", "targets")
SEEDS = range(40)
# These are played under MicroPython too.
SAMPLE = range(0, 40, 5)


@pytest.fixture(autouse=True)
def no_collecting(monkeypatch):
    """A collection takes long in a process as large as pytest's, and decides nothing."""
    monkeypatch.setattr(slotcast.client, "gc", SimpleNamespace(collect=lambda: None))


class Served(FetcherInterface):
    """python-tuf's transport: a dict of paths."""

    def __init__(self):
        self.files = {}

    def _fetch(self, url):
        path = urlsplit(url).path.removeprefix("/")
        if path not in self.files:
            raise DownloadHTTPError("none", 404)
        yield self.files[path]


def python_tuf_plays(steps, folder):
    """Per step what play_tuf_scenarios.play() tells, of python-tuf's client."""
    served, results = Served(), []
    root = steps[0].served["metadata/1.root.json"]
    config = UpdaterConfig(max_root_rotations=32, timestamp_max_length=4096)
    for step in steps:
        served.files = step.served
        urls = ("https://edge/metadata/", str(folder), "https://edge/targets/")
        updater = Updater(str(folder), *urls, served, config, bootstrap=None if results else root)
        time = datetime.strptime(step.now, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        updater._trusted_set.reference_time = time
        results.append([python_tuf_accepts(updater), kept_in(folder)])
    return results


def python_tuf_accepts(updater):
    try:
        updater.refresh()
        updater.download_target(updater.get_targetinfo(tuf_publisher.TARGET))
    except (RepositoryError, DownloadError):
        return False
    return True


def kept_in(folder):
    files = {role: folder / f"{role}.json" for role in ROLES}
    return {r: sha256(p.read_bytes()).hexdigest() for r, p in files.items() if p.exists()}


def as_blobs(steps):
    """A scenario for play_tuf_scenarios.py, and its blobs by name."""
    blobs, told = {}, []
    for step in steps:
        names = {path: sha256(data).hexdigest() for path, data in step.served.items()}
        blobs.update((names[path], data) for path, data in step.served.items())
        told.append({"now": step.now, "served": names})
    return {"root": told[0]["served"]["metadata/1.root.json"], "steps": told}, blobs


@functools.cache
def device_plays(seed):
    """The attack of each step, and what the board's client made of it."""
    steps = tuf_publisher.scenario(seed)
    results = play_tuf_scenarios.play(*as_blobs(steps))
    return list(zip([step.attack for step in steps], results, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_both_clients_accept_the_same_and_keep_the_same(seed, tmp_path):
    steps = tuf_publisher.scenario(seed)
    attacks = [step.attack for step in steps]
    theirs = python_tuf_plays(steps, tmp_path)
    assert device_plays(seed) == list(zip(attacks, theirs, strict=True))


def test_the_scenarios_hold_every_attack_and_polls_that_it_stops():
    seen = {}
    for attack, (is_accepted, _) in (step for seed in SEEDS for step in device_plays(seed)):
        seen.setdefault(attack, []).append(is_accepted)
    assert set(seen) == {attack.__name__ for attack in tuf_publisher.ATTACKS} | {"none"}
    assert all(False in outcomes for attack, outcomes in seen.items() if attack != "none")
    assert seen["none"].count(True) > 50


def micropython_plays(scenarios, folder, heap_kib):
    """What play_tuf_scenarios.py prints under MicroPython."""
    told = []
    for scenario, blobs in map(as_blobs, scenarios):
        for name, data in blobs.items():
            (folder / name).write_bytes(data)
        told.append(scenario)
    (folder / "scenarios.json").write_text(json.dumps(told))
    micropython = [Path(sys.executable).parent / "micropython", "-X", f"heapsize={heap_kib}K"]
    command = [*micropython, PLAYER, DEVICE, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_micropython_decides_as_cpython_does(tmp_path):
    results = micropython_plays(map(tuf_publisher.scenario, SAMPLE), tmp_path, heap_kib=512)
    assert results == [[result for _, result in device_plays(seed)] for seed in SAMPLE]


def test_a_first_and_an_idle_refresh_fit_into_a_small_heap(tmp_path):
    # Compiled from source, with 64-bit objects: about twice what a board needs.
    first = tuf_publisher.scenario(0)[0]
    [results] = micropython_plays([[first, first]], tmp_path, heap_kib=160)
    assert [is_accepted for is_accepted, _ in results] == [True, True]
