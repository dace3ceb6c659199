"""`slotcast infra cost` on the command line: a fleet, in numbers as a person writes them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.arguments.common import add_json
from publisher.arguments.durations import read_duration
from publisher.infra.cost.regions import REGIONS, SHIELD_REGIONS

if TYPE_CHECKING:
    from publisher.arguments import Arguments

_MAX_DEVICES = 10**9
# No ESP32 has a slot of more, and who writes GB for MB is told.
_MAX_SIZE_BYTES = 128 * 1024 * 1024
_UNITS = {
    **{"": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6},
    **{"KiB": 1024, "MiB": 1024 * 1024},
}
_DECIMAL = r"[0-9]{1,6}(?:\.[0-9]{1,4})? ?"
_NEEDED = (
    ("--devices", "devices"),
    ("--poll-every", "poll_every_s"),
    ("--releases", "releases"),
    ("--size", "size_bytes"),
)

_USAGE = "--devices N --poll-every TIME --releases M --size S [OPTION ...]"


def add_cost(parser: argparse.ArgumentParser) -> None:
    """Add what `slotcast infra cost` takes."""
    parser.description = (
        "Estimate what a fleet costs in a month at AWS's list prices, line by line, with where "
        "each number comes from. Needs no account and no network. The prices are a dated file: "
        "look them up before you rely on them."
    )
    # Needed but with --print-prices, which argparse cannot say.
    parser.usage = f"{parser.prog} {_USAGE}\n       {parser.prog} --print-prices"
    parser.set_defaults(verify_usage=partial(_verify, parser))
    _add_fleet(parser)
    _add_stacks(parser)
    _add_prices(parser)
    add_json(parser)


def _add_fleet(parser: argparse.ArgumentParser) -> None:
    add = partial(_add, parser)
    add("--devices", "devices", _devices, "N", "boards in the field")
    add(
        "--poll-every",
        "poll_every_s",
        _interval,
        "TIME",
        "between two polls: 30m, 6h, 1d; or hours",
    )
    add("--releases", "releases", _rate, "M", "releases a month that all boards take, such as 2")
    add("--size", "size_bytes", _size, "S", "of a full payload: 1.2MB, 1200kB, or bytes")
    add("--delta-size", "delta_bytes", _size, "S", "of a delta (default: there are none)")
    add("--share-delta", "delta_share", _share, "P", "of boards that take it (default: 100%%)")
    add("--poll-bytes", "poll_bytes", _size, "S", "of the answers to an idle poll (sc-bytes)")
    add(
        "--handshake-bytes", "handshake_bytes", _size, "S", "that a TLS handshake has from the edge"
    )
    add("--edges", "edges", _count, "N", "caches that fetch from the bucket")
    words = "where the edges are that serve the boards (default: US)"
    _add_region(parser, "--region", "region", REGIONS, words, "US")


def _add_stacks(parser: argparse.ArgumentParser) -> None:
    add = partial(_add, parser)
    words = "where the bucket is (default: as --region)"
    _add_region(parser, "--bucket-region", "bucket_region", REGIONS, words)
    words = "where OriginShieldRegion is, if it is set (default: no Origin Shield)"
    _add_region(parser, "--origin-shield", "origin_shield", SHIELD_REGIONS, words)
    add("--keep", "kept_releases", _count, "N", "releases whose files stay (default: 7)", 7)
    add("--kms-keys", "signing_keys", _number, "N", "signing keys in AWS KMS (default: 3)", 3)
    add("--log-days", "log_days", _number, "N", "the edge's logs stay; 0: none (default: 30)", 30)
    add("--waf-rules", "waf_rules", _number, "N", "a WAF with so many rules (default: none)", 0)
    parser.add_argument("--hosted-zone", action="store_true", help="a zone in Route 53, too")
    parser.add_argument(
        "--free-tier",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="take CloudFront's always-free tier off; --no-free-tier if others use it up",
    )


def _add_prices(parser: argparse.ArgumentParser) -> None:
    _add(parser, "--prices", "prices_file", _file, "FILE", "an edited price table")
    parser.add_argument(
        "--print-prices", action="store_true", help="print the price table, to edit it, and exit"
    )


def _add(
    parser: argparse.ArgumentParser,
    option: str,
    dest: str,
    kind: Callable[[str], object],
    metavar: str,
    words: str,
    default: object = None,
) -> None:
    parser.add_argument(option, dest=dest, type=kind, metavar=metavar, help=words, default=default)


def _add_region(
    parser: argparse.ArgumentParser,
    option: str,
    dest: str,
    groups: Sequence[str],
    words: str,
    default: str | None = None,
) -> None:
    kind = partial(_group, groups)
    parser.add_argument(option, dest=dest, type=kind, choices=groups, help=words, default=default)


def _verify(parser: argparse.ArgumentParser, arguments: Arguments) -> None:
    """Refuse what is left out, and a share of deltas that there are not."""
    if arguments.print_prices:
        return
    missing = [option for option, dest in _NEEDED if getattr(arguments, dest) is None]
    if missing:
        parser.error(f"the following arguments are required: {', '.join(missing)}")
    if arguments.delta_share is not None and arguments.delta_bytes is None:
        parser.error("--share-delta needs --delta-size")


def _devices(text: str) -> int:
    number = _whole(text)
    if number is None or not 1 <= number <= _MAX_DEVICES:
        raise argparse.ArgumentTypeError(
            f"{text} is no number of boards from 1 to {_MAX_DEVICES:,}, such as 10000"
        )
    return number


def _count(text: str) -> int:
    number = _whole(text)
    if number is None or not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 to 10000")
    return number


def _number(text: str) -> int:
    number = _whole(text)
    if number is None or number > 10_000:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 to 10000")
    return number


def _whole(text: str) -> int | None:
    """Read a whole number, with or without marks of thousands: 10000, 10,000, 10_000."""
    plain = _without_marks(text)
    return int(plain) if re.fullmatch(r"[0-9]{1,12}", plain, re.ASCII) else None


def _without_marks(text: str) -> str:
    whole, point, rest = text.partition(".")
    return re.sub(r"(?<=[0-9])[,_](?=[0-9]{3}(?![0-9]))", "", whole) + point + rest


def _rate(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text} is no number of releases a month: 2, or 0.5")
    return float(text)


def _interval(text: str) -> int:
    hours = text if text[-1:].isalpha() else f"{text}h"
    time = read_duration(hours, "smhd", _DECIMAL)
    seconds = round(time.total_seconds()) if time else 0
    if not seconds:
        raise argparse.ArgumentTypeError(f"{text} is no time, such as 30m, 6h or 1d")
    return seconds


def _size(text: str) -> int:
    found = re.fullmatch(
        r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([kKM]?i?B?)", _without_marks(text), re.ASCII
    )
    if found is None or found[2] not in _UNITS or ("." in found[1] and not found[2]):
        raise argparse.ArgumentTypeError(f"{text} is no size, such as 1.2MB, 1200kB or 1200000")
    size = round(float(found[1]) * _UNITS[found[2]])
    if size > _MAX_SIZE_BYTES:
        raise argparse.ArgumentTypeError(f"{text} is more than any board has room for")
    return size


def _share(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)%", text, re.ASCII)
    if found is None or float(found[1]) > 100:
        raise argparse.ArgumentTypeError(f"{text} is no share, such as 90%")
    return float(found[1]) / 100


def _group(groups: Sequence[str], text: str) -> str:
    if text.upper() not in groups:
        raise argparse.ArgumentTypeError(
            f"{text} is none of {', '.join(groups)}: groups of CloudFront's prices are asked for, "
            "not regions of AWS's"
        )
    return text.upper()


def _file(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("a file is wanted, such as --print-prices prints")
    return Path(text)
