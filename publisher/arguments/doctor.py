"""`slotcast doctor`: a live deployment is looked at from all sides, as arguments."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from publisher.arguments.common import add_common
from publisher.doctor.account_names import ACCOUNT_NAMES
from publisher.doctor.check_names import AWS, NAMES


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Add what doctor takes."""
    parser.description = (
        "Look at a live deployment end to end, as boards get it and as the store and AWS tell of "
        "it: certificate and pin sets, TLS, answers, caches, clocks, expiry, keys that were "
        "published. Says what is wrong and how to mend it; changes nothing. Exits with 1 if "
        "something is wrong (FAIL)."
    )
    _add_edge(parser)
    _add_account(parser)
    parser.add_argument(
        "--only",
        dest="checks",
        type=_check,
        action="append",
        default=[],
        choices=NAMES,
        metavar="CHECK",
        help=f"do this check alone; may be repeated: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with 1 too if something is to be warned of, or could not be looked at",
    )
    add_common(parser)
    parser.set_defaults(verify_usage=partial(_verify, parser))


def _add_edge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--edge-url",
        default="",
        metavar="URL",
        help="look at another BASE than that of slotcast.toml, by every pin set: "
        "https://HOST/PRODUCT/",
    )
    parser.add_argument(
        "--edge-ca",
        default="",
        metavar="FILE",
        help="roots in PEM to accept for the edge (default: the system's, and [edge] ca)",
    )


def _add_account(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--infra",
        dest="infra_file",
        type=Path,
        metavar="PATH",
        help="look at what AWS says of its stacks, too (default: infra.toml beside slotcast.toml, "
        "if there is one)",
    )
    parser.add_argument(
        "--stack",
        default="",
        metavar="NAME",
        help="the same without infra.toml: what the names of the stacks begin with",
    )
    parser.add_argument(
        "--region", default="", metavar="R", help="of that stack (default: the bucket's)"
    )


def _check(text: str) -> str:
    """Read the name of a check; the account's are done together."""
    if text in ACCOUNT_NAMES:
        raise argparse.ArgumentTypeError(
            f"{text} is one of the account's checks, which are done together: --only {AWS}"
        )
    return text


def _verify(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if arguments.region and not arguments.stack:
        parser.error("--region goes with --stack")
