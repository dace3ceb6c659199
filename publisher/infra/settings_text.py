"""The text of a new infra.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from publisher.rendering import render


@dataclass(frozen=True)
class InfraRequest:
    """What the stacks are to be.

    Attributes:
        ota: parameters of ota.yaml by name; "" for what is left as it is there.
        log_bucket: the bucket of logs.yaml; without one there is no such stack.
    """

    name: str
    product: str
    region: str
    ota: Mapping[str, str]
    oidc_provider_arn: str = ""
    release_subjects: tuple[str, ...] = ()
    refresh_subjects: tuple[str, ...] = ()
    log_bucket: str = ""


def infra_text(request: InfraRequest) -> str:
    """Return infra.toml, with comments for the person who will edit it."""
    return render("infra.toml.jinja", infra=request)
