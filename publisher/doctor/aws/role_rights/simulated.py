"""What each role can really do, by IAM's policy simulator, held against the table of rights.

The simulator does not take a bucket's policy for a role ("Simulation of resource-based policies
isn't supported for IAM roles", SimulatePrincipalPolicy). A denial is a denial wherever it stands,
so those of the bucket's policy that are for the role are given to it as a policy of the role's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from publisher.doctor.aws.asking import UnansweredError, settle
from publisher.doctor.aws.bucket.policy import read_policy
from publisher.doctor.aws.keys import key_specs
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement
from publisher.doctor.aws.role_rights.row import Right
from publisher.doctor.aws.role_rights.simulator import TOLD, Answer, Asked, asked, simulate
from publisher.doctor.aws.role_rights.table import wanted
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, unknown
from publisher.infra.arns import partition_of

CHECK = "role-rights"
_MEND = by_stack("leave the role the template's policy alone, and take others from it")
_TRY = "try it with the role itself: `aws sts assume-role`"
# Condition keys that the table or every request tells of.
_KNOWN = TOLD | {
    "kms:messagetype",
    "kms:signingalgorithm",
    "s3:if-match",
    "s3:if-none-match",
    "s3:objectcreationoperation",
    "s3:prefix",
}


def check_rights(scene: Scene) -> list[Finding]:
    """Check each role against the table (SimulatePrincipalPolicy)."""
    specs, no_keys = _settle_specs(scene)
    statements, no_policy = _settle_policy(scene)
    found = [*no_keys, *no_policy]
    here = scene.deployment
    for role, arn in here.roles.items():
        keys = {} if no_keys else here.keys
        table = wanted(here.product, here.bucket, keys, specs, partition=partition_of(arn))
        rows = [row for row in table if row.role == role]
        policy = denials(statements, arn)
        found += settle(CHECK, partial(_check_role, scene, arn, rows, policy))
    return found


def denials(statements: Iterable[Statement], arn: str) -> str:
    """Return the denials of a bucket's policy that are for a role, as a policy of the role's own.

    "" where there are none.
    """
    left_out = ("Sid", "Principal", "NotPrincipal")
    written = [
        {name: part for name, part in one.document.items() if name not in left_out}
        for one in statements
        if not one.is_allow and one.is_for(arn)
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": written}) if written else ""


def judge_rights(
    role: str, rows: Sequence[Right], answers: Mapping[Asked, Answer]
) -> list[Finding]:
    """Return what a role may do that it must not, and what it cannot do that it needs to.

    What it needs and is denied where a key is missed, it may have with that key: nobody knows; nor
    of what the simulator refuses to look at.

    Raises:
        UnansweredError: the simulator has left out a row.
    """
    for row in rows:
        if asked(row) not in answers:
            says = f"{role}: the simulator has no answer for {row.action} on {row.resource}"
            raise UnansweredError(says, _TRY)
    told = [(row, answers[asked(row)]) for row in rows]
    judged = [(row, answer) for row, answer in told if not answer.refused]
    differing = [(row, answer) for row, answer in judged if answer.is_allowed != row.wanted]
    unsure = [row for row, answer in differing if row.wanted and _missed(answer)]
    wrong = [row for row, _ in differing if row not in unsure]
    found = [_finding(role, same) for same in _alike(wrong)]
    if missed := {key for _, answer in told for key in _missed(answer)}:
        found.append(_unsimulated(role, missed, unsure))
    found += _refused(role, told)
    if found:
        return found
    needs = sum(row.wanted for row in rows)
    says = f"{role}: may do the {needs} things it needs, none of {len(rows) - needs} it must not"
    return [ok(CHECK, says)]


def _missed(answer: Answer) -> set[str]:
    """Return the condition keys, in lower case, on which an answer may hang and nobody told."""
    return {key.lower() for key in answer.missed} - _KNOWN


def _settle_specs(scene: Scene) -> tuple[dict[str, str], list[Finding]]:
    """Return the keys' specs; where KMS does not say, none, and that signing is left out."""
    try:
        return key_specs(scene), []
    except UnansweredError as error:
        return {}, [unknown(CHECK, f"who may sign was not looked at: {error}", error.mend)]


def _settle_policy(scene: Scene) -> tuple[tuple[Statement, ...], list[Finding]]:
    """Return the bucket's policy; where it may not be read, () and that it is left out."""
    try:
        return read_policy(scene), []
    except UnansweredError as error:
        says = f"what the bucket's policy denies was left out: {error}"
        return (), [unknown(CHECK, says, error.mend)]


def _check_role(scene: Scene, arn: str, rows: Sequence[Right], policy: str) -> list[Finding]:
    answers = simulate(scene, arn, rows, [policy] if policy else [])
    return judge_rights(rows[0].role, rows, answers)


def _alike(rows: Iterable[Right]) -> Iterator[list[Right]]:
    """Yield rows that are wrong for one reason together."""
    found: dict[tuple[str, bool, str], list[Right]] = {}
    for row in rows:
        found.setdefault((row.action, row.wanted, row.why), []).append(row)
    yield from found.values()


def _unsimulated(role: str, missed: Iterable[str], unsure: Sequence[Right]) -> Finding:
    """Return which condition keys nobody told, and how much of what is needed may hang on them."""
    says = f"{role}: policies ask for {', '.join(sorted(missed))}, which is not simulated"
    denied = f": without that, {len(unsure)} of the things that it needs are denied"
    return unknown(CHECK, says + denied * bool(unsure), _TRY)


def _refused(role: str, told: Iterable[tuple[Right, Answer]]) -> Iterator[Finding]:
    """Yield what the simulator refuses to look at, by why."""
    found: dict[str, list[Right]] = {}
    for row, answer in told:
        if answer.refused:
            found.setdefault(answer.refused, []).append(row)
    for why, same in found.items():
        yield unknown(CHECK, f"{role}: the simulator does not take {_named(same)}: {why}", _TRY)


def _finding(role: str, rows: Sequence[Right]) -> Finding:
    first, what = rows[0], _named(rows)
    if first.wanted:
        says = f"{role}: may not do {what}, which it needs: {first.why}"
    else:
        says = f"{role}: may do {what}: {first.why}"
    return fail(CHECK, says, _MEND)


def _named(rows: Sequence[Right]) -> str:
    """Return the first of some rows, and how many more there are, for a sentence."""
    first, more = rows[0], len(rows) - 1
    return f"{first.action} on {first.resource}" + (f" and {more} more" if more else "")
