"""--edge and its like: what boards get is compared with what was published, as arguments."""

from __future__ import annotations

import argparse

_WAIT_S = 120.0


def add_edge(parser: argparse.ArgumentParser) -> None:
    """Add --edge, --edge-url, --edge-ca and --edge-wait to a command that publishes."""
    parser.add_argument(
        "--edge",
        action="store_true",
        help="read all of it through the edge afterwards, at base_url of slotcast.toml, and exit "
        "with 1 if a byte differs",
    )
    parser.add_argument(
        "--edge-url",
        default="",
        metavar="URL",
        help="the same, at another BASE: https://HOST/PRODUCT/",
    )
    parser.add_argument(
        "--edge-ca", default="", metavar="FILE", help="roots in PEM to accept for the edge"
    )
    parser.add_argument(
        "--edge-wait",
        type=_seconds,
        default=_WAIT_S,
        metavar="S",
        help="seconds that the edge may go on serving what it has kept (default: 120)",
    )


def _seconds(text: str) -> float:
    """Read a number of seconds, 0 to 86400."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0 to 86400")
    return seconds
