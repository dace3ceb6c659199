"""The stacks of one product in an emulated account, and those who may use them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from publisher.infra.names import KEY_OUTPUTS, KEY_SCHEME, ROLE_OUTPUTS
from tests.infra.account import EVERYTHING, add_github, add_user, assume, user_arn
from tests.infra.calls import Scene
from tests.infra.command import Done, run
from tests.infra.ministack_server import REGION, Credentials, Ministack

PRODUCT, BUCKET, NAME = "sensor", "acme-firmware", "slotcast"
RELEASE_SUBJECT = "repo:acme@1234/sensor@5678:environment:firmware-stable"
REFRESH_SUBJECT = "repo:acme@1234/sensor@5678:environment:firmware-refresh"

# What the engineer and the stranger may do: take whatever role trusts them.
TAKING = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}


@dataclass(frozen=True)
class Deployment:
    """What is deployed.

    Attributes:
        folder: where infra.toml is.
        deployer: may do everything, as far as policies of resources let him.
        administrator: may do everything too, but is not the one who deploys.
        engineer: is trusted by the three roles, and has no right of his own.
        stranger: a user of the same account, without any right but to take what trusts him.
        ota: outputs of the stack with bucket and edge.
        ci: outputs of the stack with keys and roles.
    """

    aws: Ministack
    folder: Path
    deployer: Credentials
    administrator: Credentials
    engineer: Credentials
    stranger: Credentials
    ota: Mapping[str, str]
    ci: Mapping[str, str]

    @property
    def host(self) -> str:
        """The name of the edge."""
        return self.ota["DistributionDomainName"]

    @property
    def keys(self) -> dict[str, str]:
        """The ARN of each role's key."""
        return {role: self.ci[name].removeprefix(KEY_SCHEME) for role, name in KEY_OUTPUTS.items()}

    def role(self, name: str) -> Credentials:
        """The credentials of `release`, `refresh` or `gc`, taken by the engineer."""
        return assume(self.aws, self.engineer, self.ci[ROLE_OUTPUTS[name]])

    @cached_property
    def scene(self) -> Scene:
        """What those may take aim at who should not."""
        cloudfront, found = self.aws.client("cloudfront", self.deployer), self.ota["DistributionId"]
        config = cloudfront.get_distribution_config(Id=found)
        words = {"DistributionConfig": config["DistributionConfig"], "IfMatch": config["ETag"]}
        to_change = self.ci["GcRoleArn"].rpartition("/")[2]
        stack, to_take = f"{NAME}-{PRODUCT}-ci", self.ci["ReleaseRoleArn"]
        return Scene({"Id": found, **words}, stack, to_take, to_change)


def deploy(aws: Ministack, folder: Path) -> Deployment:
    """Create the stacks in an empty account, by `slotcast infra apply` in a folder."""
    deployer = add_user(aws, "deployer", EVERYTHING)
    people = [deployer, add_user(aws, "administrator", EVERYTHING)]
    people += [add_user(aws, name, TAKING) for name in ("engineer", "stranger")]
    (folder / "infra.toml").write_text(infra_toml(add_github(aws)))
    applied = infra(aws, deployer, folder, "apply", "--yes", "--json")
    assert applied.code == 0, applied.err
    stacks = json.loads(applied.out)["stacks"]
    return Deployment(aws, folder, *people, stacks["ota"]["outputs"], stacks["ci"]["outputs"])


def deploy_defaults(deployment: Deployment) -> dict[str, Mapping[str, str]]:
    """Create stacks of another name as `slotcast infra init` writes them down; their outputs."""
    folder = deployment.folder / "defaults"
    folder.mkdir()
    words = ("--name", "plain", "--product", "plain", "--bucket", "acme-plain", "--region", REGION)
    run = partial(infra, deployment.aws, deployment.deployer, folder)
    for command in (("init", *words), ("apply", "--yes")):
        done = run(*command)
        assert done.code == 0, done.err
    stacks = json.loads(run("outputs", "--json").out)["stacks"]
    return {kind: stack["outputs"] for kind, stack in stacks.items()}


def infra(aws: Ministack, who: Credentials, folder: Path, *words: str) -> Done:
    """Run a command of `slotcast infra`."""
    return run(aws, who, "infra", *words, "--infra", str(folder / "infra.toml"))


def infra_toml(provider_arn: str) -> str:
    """infra.toml of the stacks that the emulator can model."""
    return f"""
[infra]
name = "{NAME}"
product = "{PRODUCT}"
region = "{REGION}"

[ota]
BucketName = "{BUCKET}"
ConditionalWrites = "NotEnforced"
DeployRoleArn = "{user_arn("deployer")}"

[ci]
OidcProviderArn = "{provider_arn}"
ReleaseSubjects = ["{RELEASE_SUBJECT}"]
RefreshSubjects = ["{REFRESH_SUBJECT}"]
TrustedPrincipalArns = ["{user_arn("engineer")}"]
"""
