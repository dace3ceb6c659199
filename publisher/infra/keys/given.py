"""Keys of the stack `ci` that infra.toml gives: made elsewhere, by hand or by a former stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations

from publisher.errors import SettingsError
from publisher.infra.arns import region_of
from publisher.infra.names import KEY_PARAMETERS, KEY_SCHEME
from publisher.infra.requirements import KEY_SPECS

CREATE, NONE = "Create", "None"
MAKE_KEY = f"make one: aws kms create-key --key-usage SIGN_VERIFY --key-spec {KEY_SPECS[0]}"
_TARGETS = KEY_PARAMETERS["targets"]
_ID = r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
_ARN = re.compile(rf"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{{12}}):key/{_ID}")
_OTHER_NAME = re.compile(rf"{_ID}|(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{{12}}:)?alias/[A-Za-z0-9/_-]+")


def given_keys(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the ARNs of keys that the stack does not make itself, by parameter."""
    values = {name: parameters.get(name, CREATE) for name in KEY_PARAMETERS.values()}
    return {name: value for name, value in values.items() if value not in (CREATE, NONE)}


def verify_forms(values: Mapping[str, object]) -> None:
    """Refuse what people write for a key, with what to write instead; all else the pattern does.

    Raises:
        SettingsError: a key is named as slotcast.toml does, or by an alias, or is None.
    """
    for name in KEY_PARAMETERS.values():
        value = values.get(name)
        if isinstance(value, str) and not _ARN.fullmatch(value):
            _verify_form(name, value)


def verify_region(parameters: Mapping[str, str], region: str) -> None:
    """Refuse a key that is not where the stack is: no alias of the stack could lead to it.

    Raises:
        SettingsError: it is elsewhere.
    """
    for name, arn in given_keys(parameters).items():
        if region_of(arn) != region:
            message = f"[ci] {name}: that key is in {region_of(arn)}, the stack in {region}"
            raise SettingsError(message, "make a key there; region in [infra] says where that is")


def verify_apart(keys: Mapping[str, str]) -> None:
    """Refuse one key for targets and another role: who refreshes could sign releases.

    Args:
        keys: ARNs by parameter.

    Raises:
        SettingsError: it is one.
    """
    for one, other in combinations(keys, 2):
        if _TARGETS in (one, other) and keys[one] == keys[other]:
            message = f"[ci] {one} and {other} are one key: who refreshes could sign releases"
            raise SettingsError(message, "give targets a key of its own")


def verify_unmixed(keys: Mapping[str, str], in_use: Mapping[str, str]) -> None:
    """Refuse to give targets the key of another role as it is, or another role that of targets.

    Root lists the key of targets for them until a ceremony, whatever the stack says; and who
    refreshes until now may have signed anything with the key of another role.

    Args:
        keys: ARNs that are given, by parameter.
        in_use: ARNs that the stack's roles sign with until now, by parameter.

    Raises:
        SettingsError: one is.
    """
    for name, arn in keys.items():
        if other := _mixed(name, arn, in_use):
            message = (
                f"[ci] {name} is the key of {other} until now: who refreshes could sign releases"
            )
            raise SettingsError(message, f"no role takes over another's key; {MAKE_KEY}")


def _mixed(name: str, arn: str, in_use: Mapping[str, str]) -> str:
    """Return the parameter of the role whose key it is until now; "" if it may be given."""
    if name == _TARGETS and in_use.get(name) == arn:
        return ""  # another role has it too, and is to give it up
    others = (other for other, former in in_use.items() if former == arn and other != name)
    return next((other for other in others if _TARGETS in (name, other)), "")


def _verify_form(name: str, value: str) -> None:
    bare = value.strip().removeprefix(KEY_SCHEME).partition("?")[0]
    if _ARN.fullmatch(bare):
        raise SettingsError(f'{name}: "{value}" is not an ARN alone', f'write {name} = "{bare}"')
    if _OTHER_NAME.fullmatch(bare):
        hint = f"aws kms describe-key --key-id {bare} --query KeyMetadata.Arn --output text"
        raise SettingsError(f"{name}: {bare} is not the ARN of the key itself", f"{hint} tells it")
    meant = value.strip().capitalize()
    if meant == NONE and name != _TARGETS:
        hint = "only TargetsKey can be None: the roles sign the others; Create, or a key's ARN"
        raise SettingsError(f"{name} is None: nothing could be refreshed", hint)
    if meant in (CREATE, NONE) and value != meant:
        raise SettingsError(f'{name}: "{value}" is no choice', f'write {name} = "{meant}"')
