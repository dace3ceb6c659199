"""What an account's own settings say of a deployment, by calls that only read."""

from publisher.doctor.aws.account import look
from publisher.doctor.aws.clients import Clients, connect

__all__ = ["Clients", "connect", "look"]
