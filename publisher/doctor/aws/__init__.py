"""What an account's own settings say of a deployment, by calls that only read.

account             all checks, in order
deployment, scene   what is deployed, and what each check is given
clients, asking     how AWS is asked
policy, evaluated   policies as IAM writes them, and as what evaluates those of templates takes them
bucket/             the bucket's settings, its policy, and what lies in it
distribution        the edge's settings: origins, viewers, behaviours, certificate, log_delivery
keys                the keys in KMS: key_policy, keys_in_root
trust               who may take a role, and for how long
jobs                what a role's job is: reach_of_roles
role_policies       what a role may do: role_rights/ asks IAM; role_use: when it last did
"""

from publisher.doctor.aws.account import look
from publisher.doctor.aws.clients import Clients, connect

__all__ = ["Clients", "connect", "look"]
