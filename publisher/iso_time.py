"""Times as text: ISO 8601, UTC, whole seconds; and that at which a role says it was signed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuf.api.metadata import Signed

# No field of TUF's: boards that have no clock take it for a floor of theirs.
SIGNED_AT = "x-slotcast-signed-at"
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def iso(time: datetime) -> str:
    """Return a time with time zone as text: "YYYY-MM-DDTHH:MM:SSZ"."""
    return time.astimezone(UTC).strftime(_FORM)


def signed_at(signed: Signed) -> str:
    """Return when a role was signed, as it says itself: "YYYY-MM-DDTHH:MM:SSZ".

    "" where it says nothing, or what is no time: whoever stole a key may have signed any text.
    """
    text = signed.unrecognized_fields.get(SIGNED_AT)
    return text if isinstance(text, str) and _is_time(text) else ""


def _is_time(text: str) -> bool:
    with suppress(ValueError):
        return iso(datetime.strptime(text, _FORM).replace(tzinfo=UTC)) == text
    return False
