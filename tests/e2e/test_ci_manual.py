"""ci.md: the job that tells as whom it asks AWS for a role."""

import json
import os
import re
import subprocess
from base64 import urlsafe_b64encode
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from jq_on_path import path_with_jq

MANUAL = (Path(__file__).parents[2] / "docs" / "ci.md").read_text()
# Answers with answer.json; what it was given stays in the file asked, a word a line.
CURL = """\
#!/bin/sh
printf '%s\\n' "$@" > asked
cat answer.json
"""


def subject_job() -> dict[str, Any]:
    (text,) = re.findall(r"```yaml\n( *jobs:.*?)```", MANUAL, re.DOTALL)
    job: dict[str, Any] = yaml.safe_load(dedent(text))["jobs"]["subject"]
    return job


def part(fields: object) -> str:
    """A part of a JSON Web Token (RFC 7515, section 2): base64url without padding."""
    return urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def test_it_may_ask_for_a_token_and_nothing_else() -> None:
    assert subject_job()["permissions"] == {"id-token": "write"}
    assert subject_job()["environment"] == "firmware-refresh"


# Each way in which base64 can end.
@pytest.mark.parametrize("actor", ["???>>>", "???>>>a", "???>>>ab"])
def test_it_prints_the_subject_of_the_token(tmp_path: Path, actor: str) -> None:
    subject = "repo:acme@1234/sensor@5678:environment:firmware-refresh"
    claims = {"sub": subject, "aud": "sts.amazonaws.com", "actor": actor}
    token = f"{part({'alg': 'RS256'})}.{part(claims)}.c2ln"
    assert {"-", "_"} <= set(token)
    (tmp_path / "answer.json").write_text(json.dumps({"count": 1, "value": token}))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "curl").write_text(CURL)
    (tools / "curl").chmod(0o755)
    variables = {
        "PATH": f"{tools}{os.pathsep}{path_with_jq(tools)}",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "once",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://vault.test/token?api-version=2.0",
    }
    (step,) = subject_job()["steps"]
    told = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.stdout, told.stderr) == (f"{subject}\n", "")
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[-1] == "https://vault.test/token?api-version=2.0&audience=sts.amazonaws.com"
    assert "Authorization: bearer once" in asked
