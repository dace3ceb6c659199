"""What the doctor found: one sentence each, how bad it is, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad a finding is."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


# Worst first.
SEVERITY = (State.FAIL, State.WARN, State.UNKNOWN, State.OK)
_MOST_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: the check's name, short and in kebab case, by which `--only` asks for it
            (for those of the account together: `aws`).
        says: one sentence: what is so; for UNKNOWN why it could not be found out.
        mend: one sentence: what to do; "" where nothing is to be done.
    """

    check: str
    state: State
    says: str
    mend: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return it as a program reads it."""
        return {
            "check": self.check,
            "state": self.state.value,
            "says": self.says,
            "mend": self.mend,
        }


def ok(check: str, says: str) -> Finding:
    """Return that all is well."""
    return Finding(check, State.OK, says)


def warn(check: str, says: str, mend: str) -> Finding:
    """Return what will go wrong, or is weaker than it could be."""
    return Finding(check, State.WARN, says, mend)


def fail(check: str, says: str, mend: str) -> Finding:
    """Return what is wrong."""
    return Finding(check, State.FAIL, says, mend)


def unknown(check: str, why: str, mend: str = "") -> Finding:
    """Return that a check could not be done, and why."""
    return Finding(check, State.UNKNOWN, why, mend)


def some(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are, for a sentence."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
