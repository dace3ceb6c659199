"""The command line of `slotcast`: what can be asked, and the namespace that it becomes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from publisher import __version__
from publisher.arguments.boards import add_provision, add_serve, add_simulate
from publisher.arguments.doctor import add_doctor
from publisher.arguments.infra import add_infra
from publisher.arguments.offers import add_offers, add_release
from publisher.arguments.parser import Parser
from publisher.arguments.payload import add_payload
from publisher.arguments.pins import add_pins
from publisher.arguments.product import add_history, add_init, add_status, add_verify
from publisher.arguments.root import add_root
from publisher.arguments.upkeep import add_upkeep


class Arguments(argparse.Namespace):
    """Everything that a command line can say; each command reads its own part."""

    command: str | None
    verify_usage: Callable[[Arguments], None] | None = None
    print_completion: str | None
    settings: Path | None
    json: bool
    dry_run: bool = False
    # init
    product: str
    root_keys: int
    threshold: int
    store: str
    endpoint_url: str
    region: str
    base_url: str
    ca: str
    board: str
    chip: str
    slot_size: int
    partitions: str
    insecure_no_passphrase: bool
    # release
    file: Path
    version: str
    channel: str
    notes: str
    mandatory: bool
    min_version: str | None
    retry_failed: bool
    bases: list[Path]
    withdrawn_image: bool
    resume: bool
    redate: bool = False
    edge: bool = False
    edge_url: str = ""
    edge_ca: str = ""
    edge_wait: float = 0.0
    # promote, rollout, withdraw, yank, refresh
    from_channel: str
    from_versions: list[str]
    to_channel: str
    to_version: str | None
    only_boards: list[str]
    any_board: str | None = None
    basis_points: int | None = None
    ramp: tuple[int, int] | None = None
    over_s: int | None = None
    groups: Sequence[str] = ()
    no_groups: bool = False
    base_image: str
    targets: bool
    # history
    only_channel: str | None
    only_board: str | None
    # gc
    grace: timedelta
    keep: int
    # verify
    dir: Path | None
    url: str
    root: str
    brief: bool
    # pins
    pins_command: str
    pins: list[str]
    certificates: list[Path]
    public_keys: list[Path]
    cas: list[str]
    base_urls: list[str]
    retires: list[int]
    serial: int
    # root
    root_command: str
    add_keys: list[tuple[str, str]]
    remove_keys: list[tuple[str, str]]
    replace_keys: list[tuple[str, str, str]]
    thresholds: list[tuple[str, int]]
    renew: bool
    key: str
    yes: bool
    files: list[Path]
    also_sign: list[str]
    from_targets: int
    # infra
    infra_command: str
    infra_file: Path | None = None
    infra_name: str
    stacks: list[str]
    templates: list[tuple[str, Path]]
    let_go: list[str]
    import_existing: bool
    bucket: str
    domain: str
    certificate_arn: str
    hosted_zone_id: str
    oidc_provider_arn: str
    log_bucket: str
    github_subjects: list[str]
    refresh_subjects: list[str]
    # infra cost
    devices: int
    poll_every_s: int
    releases: float
    size_bytes: int
    delta_bytes: int | None
    delta_share: float | None
    poll_bytes: int | None
    handshake_bytes: int | None
    edges: int | None
    bucket_region: str | None
    origin_shield: str | None
    kept_releases: int
    signing_keys: int
    hosted_zone: bool
    waf_rules: int
    log_days: int
    free_tier: bool
    prices_file: Path | None
    print_prices: bool
    # doctor
    checks: list[str]
    strict: bool
    stack: str
    # payload
    payload_command: str
    new: Path
    payload: Path
    base: Path | None
    memory: int | None
    # provision, payload
    out: Path
    image: Path | None
    group: str | None
    force: bool
    # serve
    host: str
    port: int
    ca_out: Path | None


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="slotcast",
        description="Signed firmware for ESP32 fleets from a static bucket.",
    )
    parser.add_argument("--version", action="version", version=f"slotcast {__version__}")
    parser.add_argument("--settings", type=Path, metavar="PATH", help="slotcast.toml")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument(
        "--print-completion",
        choices=("bash", "zsh", "tcsh"),
        metavar="SHELL",
        help="print completion for bash, zsh or tcsh, and exit",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add_init(commands.add_parser("init", help="found a product: keys, root, slotcast.toml"))
    add_release(commands.add_parser("release", help="offer an image to a board on a channel"))
    add_offers(commands)
    add_status(commands.add_parser("status", help="show what is offered, and what expires when"))
    add_history(commands.add_parser("history", help="show what was offered when"))
    add_verify(commands.add_parser("verify", help="check everything that is published"))
    add_upkeep(commands)
    pins = commands.add_parser(
        "pins", help="by what boards know the edge: show, check, set, retire"
    )
    add_pins(pins)
    root = commands.add_parser("root", help="change keys and thresholds, by people who sign apart")
    add_root(root)
    add_doctor(commands.add_parser("doctor", help="look at what is live from all sides"))
    infra = commands.add_parser("infra", help="the bucket, the edge and the roles, in AWS")
    add_infra(infra)
    payload = commands.add_parser("payload", help="make, apply and look into payloads, on files")
    add_payload(payload)
    add_provision(commands.add_parser("provision", help="write what a board needs at the factory"))
    add_serve(commands.add_parser("serve", help="serve the store over TLS, for demos and tests"))
    add_simulate(commands.add_parser("simulate", help="have a virtual ESP32 take the release"))
    return parser
