"""A PATH on which there is a `jq`: the real one, or libjq by the package jq."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import jq_command


def path_with_jq(folder: Path) -> str:
    """Return the PATH; a command that stands for the real one goes into the folder."""
    path = os.environ["PATH"]
    if shutil.which("jq"):
        return path
    return f"{our_jq(folder)}{os.pathsep}{path}"


def our_jq(folder: Path) -> Path:
    """A folder with a `jq` command that stands for the real one."""
    package = importlib.util.find_spec("jq")
    assert package is not None, "no jq: pip install jq"
    assert package.origin is not None
    site, command = Path(package.origin).parent, folder / "jq"
    # Without site and environment Python starts in half the time.
    words = f'"{sys.executable}" -IS "{jq_command.__file__}" "{site}"'
    command.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    command.chmod(0o755)
    return folder
