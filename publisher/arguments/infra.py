"""The part of the command line that begins with `slotcast infra`."""

from __future__ import annotations

import argparse
from pathlib import Path

from publisher.arguments.common import add_common, add_repeated
from publisher.arguments.infra_cost import add_cost
from publisher.infra.names import STACKS

_INIT_OPTIONS = (
    ("--region", "region", "R", "us-east-1", "where the bucket, the roles and the keys are"),
    ("--name", "infra_name", "NAME", "slotcast", "what the stacks' names begin with"),
    ("--domain", "domain", "HOST", "", "a host name of yours that boards ask, not CloudFront's"),
    ("--certificate-arn", "certificate_arn", "ARN", "", "its certificate in ACM, in us-east-1"),
    ("--hosted-zone-id", "hosted_zone_id", "ID", "", "its zone in Route 53, for a record there"),
    ("--oidc-provider-arn", "oidc_provider_arn", "ARN", "", "GitHub's OIDC provider, in IAM"),
    ("--log-bucket", "log_bucket", "B", "", "a new bucket for the edge's logs; without it no logs"),
)
_INIT_SUBJECTS = (
    (
        "--github-subject",
        "github_subjects",
        "who may release: the token's whole subject, repo:...; may be repeated",
    ),
    (
        "--refresh-subject",
        "refresh_subjects",
        "who may refresh; may be repeated (default: who may release)",
    ),
)

_NEAREST = "beside slotcast.toml, or the nearest one, from this directory upwards"
_HERE = "beside the slotcast.toml of --settings, or in this directory"


def add_infra(parser: argparse.ArgumentParser) -> None:
    """Add init, plan, apply, outputs, destroy and cost."""
    parser.description = (
        "The bucket, the edge in front of it, the roles and keys of those who publish, and the "
        "edge's logs: three CloudFormation stacks in your AWS account, as infra.toml says. "
        "Credentials are boto3's own: environment, profile, or role."
    )
    add_common(parser)
    commands = parser.add_subparsers(dest="infra_command", metavar="COMMAND", required=True)
    _add_init(commands.add_parser("init", help="write infra.toml, with comments"))
    _add_plan(commands.add_parser("plan", help="show what would change; change nothing"))
    _add_apply(commands.add_parser("apply", help="show what would change, ask, and do it"))
    outputs = commands.add_parser("outputs", help="show what slotcast.toml needs of the stacks")
    outputs.description = "Show the outputs of the stacks, and the lines for slotcast.toml."
    add_infra_file(outputs)
    _add_destroy(commands.add_parser("destroy", help="remove stacks; what boards need stays"))
    add_cost(commands.add_parser("cost", help="estimate what a month costs; asks nobody"))


def add_infra_file(parser: argparse.ArgumentParser, default: str = _NEAREST) -> None:
    """Add what all commands on infra.toml have.

    Args:
        default: which file it is without the option, in words.
    """
    parser.add_argument(
        "--infra",
        dest="infra_file",
        type=Path,
        metavar="PATH",
        help=f"infra.toml (default: {default})",
    )
    add_common(parser)


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write infra.toml: what the stacks are to be, for you to read and edit. Asks AWS nothing."
    )
    parser.add_argument("--product", required=True, metavar="NAME", help="as in slotcast.toml")
    parser.add_argument("--bucket", required=True, metavar="B", help="a name that nobody has yet")
    for option, dest, metavar, default, words in _INIT_OPTIONS:
        words = f"{words} (default: {default})" if default else words
        parser.add_argument(option, dest=dest, metavar=metavar, default=default, help=words)
    for option, dest, words in _INIT_SUBJECTS:
        add_repeated(parser, option, dest, str, "SUBJECT", words)
    add_infra_file(parser, _HERE)


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show what `slotcast infra apply` would change, of all stacks or of those named: in order "
        "ota, logs, ci. Leaves nothing behind. Exits with 1 if apply would refuse."
    )
    _add_stacks(parser)
    _add_choices(parser)
    add_infra_file(parser)


def _add_apply(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Create or update the stacks, after showing what would change, and asking. Refuses to "
        "replace or remove a bucket that holds anything."
    )
    _add_stacks(parser)
    _add_choices(parser)
    _add_yes(parser)
    add_infra_file(parser)


def _add_destroy(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Remove all stacks of infra.toml, or those named, in the order ci, logs, ota. Says what "
        "goes, what stays and what that costs, and asks for each stack's name. A bucket that holds "
        "anything, or a key that signs, is never removed."
    )
    _add_stacks(parser)
    _add_yes(parser)
    add_infra_file(parser)


def _add_stacks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stacks",
        nargs="*",
        type=_stack,
        metavar="STACK",
        help="ota, logs or ci (default: all that have a section in infra.toml)",
    )


def _add_choices(parser: argparse.ArgumentParser) -> None:
    add_repeated(
        parser,
        "--template",
        "templates",
        _template,
        "STACK=FILE",
        "a template of your own in place of the one that comes with slotcast",
    )
    add_repeated(
        parser,
        "--let-go",
        "let_go",
        str,
        "ID",
        "replace or remove this resource, or change this parameter, by its name in the template, "
        "though boards or people may depend on it; a refusal names those that it asks for",
    )
    parser.add_argument(
        "--import-existing",
        action="store_true",
        help="take in a bucket that is there already, as it outlived the stack that made it",
    )


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask: for scripts")


def _stack(text: str) -> str:
    # Not `choices`: argparse would hold the empty list against them.
    if text not in STACKS:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(STACKS)}")
    return text


def _template(text: str) -> tuple[str, Path]:
    """Read STACK=FILE."""
    name, _, file = text.partition("=")
    if name not in STACKS or not file:
        raise argparse.ArgumentTypeError(f"{text} is not STACK=FILE, of {', '.join(STACKS)}")
    return name, Path(file)
