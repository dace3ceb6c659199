"""argparse, but what a usage error repeats has no secret in it."""

from __future__ import annotations

import argparse
from typing import NoReturn

from publisher.redaction import without_secrets


class Parser(argparse.ArgumentParser):
    """A parser, whose sub-commands are of its kind."""

    def error(self, message: str) -> NoReturn:
        """Print the usage, and what is wrong; exit with 2."""
        super().error(without_secrets(message))
