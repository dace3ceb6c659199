"""What lies under the product's prefix, for whoever asks: only Slotcast's files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.doctor.replies import Reply
from publisher.doctor.secrets.content import holds_secret
from publisher.doctor.secrets.names import is_private_name
from publisher.doctor.site import Site
from publisher.layout import key
from publisher.stores.base import Listed
from publisher.stores.probe import PROBE

_SHA, _NUMBER, _NAME = "[0-9a-f]{64}", "[1-9][0-9]{0,15}", "[a-z0-9][a-z0-9._-]{0,31}"
# manifests/repository.md, the table of paths; stricter than what an edge serves (layout.py).
_WRITTEN = re.compile(
    rf"metadata/(timestamp|{_NUMBER}\.(root|targets|snapshot))\.json"
    rf"|targets/({_SHA}\.pins|{_NAME}/{_SHA}\.{_NAME}|{_NAME}/{_NAME}/{_SHA}\.[0-9.]+)\.json"
    rf"|payloads/{_SHA}\.slc|images/{_SHA}\.bin|{_NAME}/{_NAME}/version\.json|{re.escape(PROBE)}"
)
# Where `slotcast init` puts them, if somebody uploads the whole folder.
GUESSES = (
    "slotcast.toml",
    *(f"keys/{name}.pem" for name in ("root-1", "root-2", "targets", "snapshot", "timestamp")),
    ".slotcast/seen.json",
)
_MAX_NAMED = 5

REPLACE = (
    "remove it with all its versions, and replace the key: `slotcast root propose` (docs/keys.md); "
    "whoever could read it may have it"
)
REMOVE = "remove it if it is nobody's, or move it out of the prefix: whoever asks gets it"


def check_names(site: Site) -> list[Finding]:
    """Check that all that lies under the product's prefix is of a kind that Slotcast writes."""
    return judge_names([one.key for one in _foreign(site)], site.origin.location)


def check_served_keys(site: Site) -> list[Finding]:
    """Check that the edge serves no name that keys and settings have, below BASE or above."""
    above = urljoin(urlsplit(site.visitor.base_url).path, "..")
    paths = [*GUESSES, *(above + name for name in GUESSES)]
    return judge_served([site.visitor.ask(path) for path in paths])


def judge_names(foreign: Sequence[str], where: str) -> list[Finding]:
    """Judge names that Slotcast does not write."""
    name = "published-names"
    if not foreign:
        return [ok(name, f"all that lies in {where} under the product is of Slotcast's kinds")]
    more = f" and {len(foreign) - _MAX_NAMED} more" if len(foreign) > _MAX_NAMED else ""
    says = f"Slotcast writes no {', '.join(foreign[:_MAX_NAMED])}{more}"
    return [warn(name, says, REMOVE)]


def judge_served(replies: Sequence[Reply]) -> list[Finding]:
    """Judge the answers for names that are nobody's business; a web page gives nothing away.

    Whether it is one its bytes tell, and not what the edge says of them.
    """
    name = "served-keys"
    there = [reply for reply in replies if reply.is_there]
    given = [one.path for one in there if not one.is_markup or holds_secret(one.body)]
    found = [fail(name, f"the edge serves {path} to everybody", REPLACE) for path in given]
    return found or [ok(name, f"the edge serves none of {len(replies)} names that keys may have")]


def is_written(path: str) -> bool:
    """Whether a path below BASE is of a kind that Slotcast writes."""
    return _WRITTEN.fullmatch(path) is not None


def is_secret(path: str, data: bytes) -> bool:
    """Whether an object is a private key, or something else that is private."""
    is_public = b"BEGIN CERTIFICATE" in data or b"BEGIN PUBLIC KEY" in data
    return holds_secret(data) or (is_private_name(path) and not is_public)


def _foreign(site: Site) -> list[Listed]:
    base = key(site.settings.product, "")
    return [one for one in site.listed if not is_written(one.key.removeprefix(base))]
