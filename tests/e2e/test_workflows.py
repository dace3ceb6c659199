"""The workflows of docs/workflows/: sound as GitHub reads them, and their commands are run."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import esp_images
import pytest
import yaml

from publisher import cli

FOLDER = Path(__file__).parents[2] / "docs" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
Workflow = dict[Any, Any]  # PyYAML reads the key `on` as true
# What GitHub puts in place of an expression in a step's environment.
GIVEN = {
    "${{ github.ref_name }}": "v1.4.3",
    "${{ inputs.version }}": "1.4.3",
    "${{ inputs.rollout }}": "10%",
}


def load(path: Path) -> Workflow:
    workflow: Workflow = yaml.safe_load(path.read_text())
    return workflow


def steps(workflow: Workflow) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> Workflow:
    return load(request.param)


def test_there_is_one_for_release_promote_and_refresh() -> None:
    assert [path.stem for path in FILES] == ["promote", "refresh", "release"]


def test_nothing_is_allowed_that_a_job_does_not_ask_for(workflow: Workflow) -> None:
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert set(job["permissions"]) <= {"contents", "id-token"}
        assert job["permissions"]["contents"] == "read"


def test_only_a_job_of_a_protected_environment_gets_credentials(workflow: Workflow) -> None:
    for job in workflow["jobs"].values():
        assert ("id-token" in job["permissions"]) == ("environment" in job)


def test_there_are_no_secrets_and_no_long_lived_keys(workflow: Workflow) -> None:
    text = yaml.safe_dump(workflow)
    assert "secrets." not in text
    assert "access-key" not in text


def test_actions_are_pinned_to_a_commit(workflow: Workflow) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"[a-z-]+/[a-z-]+(/[a-z]+)?@[0-9a-f]{40}", action), action


def test_no_script_has_an_expression_in_it(workflow: Workflow) -> None:
    """What somebody typed, or a tag's name, would be run as a part of the script."""
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


def test_the_build_has_no_way_to_the_keys() -> None:
    build = load(FOLDER / "release.yml")["jobs"]["build"]
    assert build["permissions"] == {"contents": "read"}
    assert "environment" not in build


def play(workflow: str, folder: Path, **more: str) -> list[str]:
    """Run a workflow's slotcast steps as its runner would; what they print."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    printed = []
    for step in steps(load(FOLDER / f"{workflow}.yml")):
        if not step.get("run", "").startswith("slotcast "):
            continue
        given = {name: GIVEN.get(value, value) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=folder,
            env={"PATH": path, "HOME": str(folder), **given, **more},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    return printed


def test_a_tag_becomes_a_release_that_is_promoted_and_kept_fresh(tmp_path: Path) -> None:
    settings = str(tmp_path / "slotcast.toml")
    init = ("init", "sensor", "--insecure-no-passphrase", "--base-url", "https://updates.test/")
    board = ("--board", "sensor-r2", "--chip", "esp32", "--slot-size", "0x1E0000")
    assert cli.main([*init, *board, "--settings", settings]) == 0
    (tmp_path / "firmware.bin").write_bytes(esp_images.app_image(version="1.4.3"))
    released = play("release", tmp_path)
    assert "released 1.4.3 (release 1) on beta/sensor-r2" in released[0]
    promoted = play("promote", tmp_path)
    assert "promoted 1.4.3 (release 1) from beta to stable/sensor-r2" in promoted[0]
    assert "10 %" in promoted[1]
    refreshed = play("refresh", tmp_path)
    assert "nothing to do" in refreshed[-1]
