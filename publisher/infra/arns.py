"""What an ARN tells (General Reference, "Amazon Resource Names")."""

from __future__ import annotations


def partition_of(arn: str) -> str:
    """Return the partition: `aws`, or another of AWS's."""
    return arn.split(":")[1]


def region_of(arn: str) -> str:
    """Return the region; "" where it is in none."""
    return arn.split(":")[3]


def account_of(arn: str) -> str:
    """Return the account of an ARN, or of a number that stands for one; "" where it has none."""
    if arn.isdigit():
        return arn
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""
