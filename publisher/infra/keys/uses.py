"""Whose a key in KMS is, and what it signs: told by what the stacks `ci` leave on keys.

An alias for each role's key, which goes with its stack; and tags on those that a stack has made,
which stay (AWS CloudFormation template reference, "Resource tag").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from publisher.infra.names import KEY_OUTPUTS, KEY_RESOURCES, PRODUCT_TAG, may_be_ci

_TARGETS = "targets"
_ALIAS = re.compile(rf"alias/(?P<stack>.+)-(?P<role>{'|'.join(KEY_OUTPUTS)})")
_LOGICAL_ID = "aws:cloudformation:logical-id"
_ROLES = {resource: role for role, resource in KEY_RESOURCES.items()}


class Owner(NamedTuple):
    """For whom a key is to sign.

    Attributes:
        product: the product's name.
        stack: the name of its stack `ci`.
    """

    product: str
    stack: str


def are_apart(role: str, other: str) -> bool:
    """Whether two roles must not have one key: who refreshes could sign releases."""
    return role != other and _TARGETS in (role, other)


def wrong_alias(role: str, owner: Owner, aliases: Iterable[str]) -> str:
    """Return what else a key is for, by its aliases (ListAliases); "" if that is nothing amiss."""
    for alias in aliases:
        found = _ALIAS.fullmatch(alias)
        if found and found["stack"] != owner.stack and may_be_ci(found["stack"]):
            return f"the stack {found['stack']} signs with it: {alias}"
        if found and are_apart(role, found["role"]):
            return f"it is the key of {found['role']}: {alias}"
    return ""


def wrong_tag(role: str, owner: Owner, tags: Mapping[str, str]) -> str:
    """Return whose a key is, or what it was made for, by its tags (ListResourceTags); or ""."""
    product = tags.get(PRODUCT_TAG, owner.product)
    if product != owner.product:
        return f"it is the product {product}'s, by its tag {PRODUCT_TAG}"
    made_for = _ROLES.get(tags.get(_LOGICAL_ID, ""), role)
    if are_apart(role, made_for):
        return f"a stack has made it for {made_for}, by its tag {_LOGICAL_ID}"
    return ""
