"""What a stack tells: slotcast.toml, the stack `ci`, the workflows and the doctor go by it.

The ARNs of keys, which depend on what is given, the rules of role_keys.py look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.infra.names import ROLE_OUTPUTS
from publisher.infra.node import text
from publisher.infra.rules.edge import distributions
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

_EDGE = "Distribution"
_OWN: Mapping[str, str] = {
    "BucketName": "${Bucket}",
    "BucketArn": "${Bucket.Arn}",
    "DistributionId": f"${{{_EDGE}}}",
    "DistributionArn": (
        f"arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:distribution/${{{_EDGE}}}"
    ),
    "DistributionDomainName": f"${{{_EDGE}.DomainName}}",
    "LogBucketName": "${LogBucket}",
    "LogBucketArn": "${LogBucket.Arn}",
    **{output: f"${{{output.removesuffix('Arn')}.Arn}}" for output in ROLE_OUTPUTS.values()},
}


def _outputs(view: View) -> Iterator[Fault]:
    for name, wanted in {**_OWN, "BaseUrl": _base_url(view)}.items():
        found = text(view.outputs.get(name, wanted))
        if found != wanted:
            yield name, f"it tells {found}, and not {wanted}"


def _base_url(view: View) -> str:
    """Return where boards begin: at the edge's own domain, where it has one."""
    has_domain = any(config.get("Aliases") for _, config in distributions(view))
    return f"https://${{{'DomainName' if has_domain else f'{_EDGE}.DomainName'}}}/"


RULES = (
    Rule(
        "outputs",
        "outputs tell what their names say, of this stack's own bucket, edge and roles",
        "put the Value of infra/*.yaml back; what else is to be told has a name of its own",
        _outputs,
    ),
)
