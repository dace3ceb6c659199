"""An AWS account with one sound deployment, as the templates make it, for the doctor to look at.

botocore's Stubber gives the answers, and so holds them against AWS's own model. A test breaks one
setting by changing what `answers` has for a call.
"""

import json
from contextlib import contextmanager
from copy import deepcopy
from functools import cache, partial

import boto3
from aws_answers import (
    ANNA,
    BUCKET,
    DEPLOYER,
    DISTRIBUTION,
    HOST,
    KEYS,
    NOW,
    PRODUCT,
    REFRESH,
    ROLES,
    STACK,
    SUBJECT,
    policies,
    root,
    sound_answers,
)
from botocore import xform_name
from botocore.stub import Stubber
from iam_evaluation import decide
from made_stacks import REGION

from publisher.doctor.aws import Clients, look
from publisher.doctor.aws.deployment import Deployment, Trusted, Wanted
from publisher.doctor.aws.policy import parse_policy
from publisher.doctor.aws.scene import Scene
from publisher.doctor.secrets.listed_keys import ListedKeys

SERVICES = ("s3", "cloudfront", "acm", "iam", "kms", "logs")
TRUSTED = Trusted({"release": (SUBJECT,), "refresh": (REFRESH,)}, (ANNA,))
_NO_POLICY = {"Statement": []}
# Actions that the simulator takes in no call with others, among those of which it is known.
ALONE = {"iam:PassRole", "sts:AssumeRole"}


class Account:
    """The account.

    Attributes:
        answers: by the name of the client's method: what is answered, a function of the call's
            parameters that returns it, or the code of an error.
        deployment: what the stacks made, by their outputs.
        wanted: what it is held against.
        more_policies: what somebody gave a role beside the template's, by its ARN.
        boundary: a policy beyond which no role may do anything (PermissionsBoundaryArn).
    """

    def __init__(self):
        self.answers = {**sound_answers(), "simulate_principal_policy": self._simulate}
        self.more_policies = {}
        self.boundary = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
        self.deployment = Deployment(
            *(BUCKET, DISTRIBUTION, REGION, PRODUCT, ROLES, KEYS, True, TRUSTED),
            deployer=DEPLOYER,
            stack=STACK,
        )
        self.wanted = Wanted(f"https://{HOST}/", root(), NOW, listed_keys=ListedKeys.of([root()]))

    @property
    def distribution(self):
        """The distribution's configuration, to be changed."""
        return self.answers["get_distribution"]["Distribution"]["DistributionConfig"]

    @property
    def certificate(self):
        """The certificate, to be changed."""
        return self.answers["describe_certificate"]["Certificate"]

    def behaviour(self, pattern):
        """One of the distribution's behaviours, to be changed."""
        found = self.distribution["CacheBehaviors"]["Items"]
        return next(one for one in found if one["PathPattern"] == pattern)

    def change_policy(self, change):
        """Change the statements of the bucket's policy."""
        policy = json.loads(self.answers["get_bucket_policy"]["Policy"])
        change(policy["Statement"])
        self.answers["get_bucket_policy"] = {"Policy": json.dumps(policy)}

    def alter(self, method, change):
        """Change each answer to a call before it is given, but for errors."""
        sound = self.answers[method]

        def answer(params):
            found = deepcopy(sound(params))
            if not isinstance(found, str):
                change(found)
            return found

        self.answers[method] = answer

    def look(self, check=None):
        """What the doctor finds, or one of its checks."""
        with self._clients() as clients:
            if check is None:
                return look(self.deployment, clients, self.wanted)
            return check(Scene(self.deployment, clients, self.wanted))

    def bad(self, check=None):
        """What is not in order, as `STATE check: says`, and what is to be done."""
        found = [one for one in self.look(check) if one.state != "OK"]
        return {f"{one.state} {one.check}: {one.says}": one.mend for one in found}

    @contextmanager
    def _clients(self):
        clients = {name: _client(name) for name in SERVICES}
        stubbers = {name: Stubber(client) for name, client in clients.items()}
        for name, client in clients.items():
            prepare = partial(self._prepare, stubbers[name])
            client.meta.events.register("provide-client-params", prepare, "answers")
            stubbers[name].activate()
        try:
            yield Clients(**clients)
        finally:
            for name, client in clients.items():
                client.meta.events.unregister("provide-client-params", unique_id="answers")
                stubbers[name].deactivate()

    def _prepare(self, stubber, params, model, **_):
        """Have the stub answer the call that is about to be made."""
        method = xform_name(model.name)
        answer = self.answers[method]
        answer = answer(params) if callable(answer) else answer
        if isinstance(answer, str):
            stubber.add_client_error(
                method, answer, http_status_code=403 if "Den" in answer else 404
            )
        else:
            stubber.add_response(method, deepcopy(answer))

    def _simulate(self, params):
        """Answer as IAM does: each action with each resource, by the role's own policies."""
        if len(params["ActionNames"]) > 1 and not ALONE.isdisjoint(params["ActionNames"]):
            return "InvalidInput"
        role = params["PolicySourceArn"]
        given = [*params.get("PolicyInputList", []), self.more_policies.get(role, _NO_POLICY)]
        given = [*_policies(role), *(one for policy in given for one in parse_policy(policy))]
        boundary = parse_policy(self.boundary)
        context = {
            one["ContextKeyName"]: one["ContextKeyValues"][0] for one in params["ContextEntries"]
        }
        results = []
        for action in params["ActionNames"]:
            missing = {"MissingContextValues": _missing([*given, *boundary], action, context)}
            specific = [
                {
                    "EvalResourceName": resource,
                    "EvalResourceDecision": _decide_both(
                        given, boundary, action, resource, context
                    ),
                    **missing,
                }
                for resource in params["ResourceArns"]
            ]
            told = {"EvalActionName": action, "EvalDecision": specific[0]["EvalResourceDecision"]}
            is_any = params["ResourceArns"] == ["*"]
            more = missing if is_any else {"ResourceSpecificResults": specific}
            results.append({**told, **more})
        return {"EvaluationResults": results, "IsTruncated": False}


def _decide_both(given, boundary, *request):
    """Decide by a role's policies and by its boundary, which have to allow it both."""
    decisions = [decide(policies, *request) for policies in (given, boundary)]
    return next((one for one in decisions if one != "allowed"), "allowed")


def _missing(given, action, context):
    """The condition keys of policies about an action that were not sent."""
    asked = {key for one in given if one.covers(action) for key in one.condition_keys()}
    return sorted(asked - {key.lower() for key in context})


def set_tls(**words):
    """What changes an account's distribution in how it speaks TLS."""
    return lambda account: account.distribution["ViewerCertificate"].update(words)


@cache
def _client(service):
    return boto3.client(
        service, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s"
    )


@cache
def _policies(arn):
    return policies(arn.rpartition("/")[2])
