"""What an edge answered, and what its headers say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MISSING = (403, 404)
_HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Reply:
    """One response.

    Attributes:
        path: below BASE, as it was asked for.
        headers: by name in lower case; repeated ones are joined by ", ".
        version: of HTTP: 10 or 11.
        closes: whether the connection ends with it.
    """

    path: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    version: int = 11
    closes: bool = False

    def header(self, name: str) -> str:
        """Return a header's value, or ""."""
        return self.headers.get(name.lower(), "")

    @property
    def is_there(self) -> bool:
        """Whether it is the whole object."""
        return self.status == 200

    @property
    def is_missing(self) -> bool:
        """Whether it says what boards take for "there is none" (manifests/repository.md)."""
        return self.status in _MISSING

    @property
    def is_html(self) -> bool:
        """Whether its bytes are a web page's."""
        return self.body.lstrip()[:20].lower().startswith(_HTML)

    @property
    def is_markup(self) -> bool:
        """Whether its bytes are a web page's, or begin as some do that say that they are one."""
        return self.is_html or (self.is_page and self.body.lstrip().startswith(b"<"))

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, by its bytes or by what it says of them."""
        return self.is_html or self.header("content-type").lower().startswith("text/html")

    @property
    def age_s(self) -> int:
        """For how long a cache has kept it (RFC 9111, 5.1); 0 where none says so."""
        text = self.header("age").strip()
        return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else 0

    @property
    def max_age_s(self) -> int | None:
        """Seconds that a shared cache may keep it (RFC 9111, 5.2.2); None: that is not said."""
        said = self.header("cache-control").lower()
        if re.search(r"\bno-(store|cache)\b", said):
            return 0
        for name in ("s-maxage", "max-age"):
            if found := re.search(rf'\b{name}="?([0-9]{{1,10}})', said):
                return int(found[1])
        return None

    @property
    def is_immutable(self) -> bool:
        """Whether caches need never ask again (RFC 8246)."""
        return bool(re.search(r"\bimmutable\b", self.header("cache-control").lower()))

    @property
    def is_hit(self) -> bool | None:
        """Whether a cache had it; None where none tells."""
        told = self.header("x-cache").lower()
        if told:
            return "hit" in told
        return True if self.age_s else None

    @property
    def coding(self) -> str:
        """How it was compressed, such as gzip; "" where it was not."""
        return self.header("content-encoding").strip().lower().replace("identity", "")

    @property
    def name(self) -> str:
        """The path for a person: of a digest eight digits."""
        return short(self.path)

    def time_near(self, here: datetime) -> datetime | None:
        """Return the edge's time; None where it tells none.

        A kept answer's Date is its origin's, so Age is added (RFC 9111, 4.2.3); but some caches put
        their own Date there. Whichever comes nearer to `here` counts.
        """
        try:
            date = parsedate_to_datetime(self.header("date"))
        except (ValueError, OverflowError):
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        times = [date]
        with suppress(OverflowError):  # at the end of all years: far off as it is
            times.append(date + timedelta(seconds=self.age_s))
        return min(times, key=lambda time: abs(time - here))


def short(text: str) -> str:
    """Return a text with eight digits of each SHA-256 in it."""
    return re.sub(r"\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1…", text)
