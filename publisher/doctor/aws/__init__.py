"""What an account's own settings say of a deployment, by calls that only read."""

from publisher.doctor.aws.clients import Clients, connect
from publisher.doctor.aws.looking import look

__all__ = ["Clients", "connect", "look"]
