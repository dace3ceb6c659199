"""`slotcast doctor`: what is wrong with a live deployment, and how to mend it."""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.doctor_account import look_at_account, verify_file
from publisher.commands.product import find_settings
from publisher.doctor.check_names import AWS, group_of
from publisher.doctor.examine import examine
from publisher.doctor.findings import SEVERITY, Finding, State
from publisher.doctor.site import Site
from publisher.doctor.visitor import Visitor
from publisher.errors import SettingsError
from publisher.provision import edge_sets
from publisher.settings import Settings, load_settings, verify_base_url
from publisher.stores import open_store

_WORDS = {
    State.FAIL: "wrong",
    State.WARN: "to be looked at",
    State.UNKNOWN: "not known",
    State.OK: "in order",
}


def run(arguments: Arguments, context: Context) -> Result:
    """Do the checks; exit with 1 if one fails, or with --strict if one is anything but OK."""
    settings = load_settings(find_settings(arguments))
    verify_file(arguments)
    site = _site(settings, arguments, context)
    only = arguments.checks
    found = [] if set(only) == {AWS} else examine(site, only, partial(context.progress, "doctor"))
    if not only or AWS in only:
        found += look_at_account(arguments, context, site)
    bad = (State.FAIL, State.WARN, State.UNKNOWN) if arguments.strict else (State.FAIL,)
    ok = not any(finding.state in bad for finding in found)
    data = {"ok": ok, **_data(found, site)}
    return Result(list(_text(found, site)), data, exit_code=0 if ok else 1)


def _site(settings: Settings, arguments: Arguments, context: Context) -> Site:
    """Return what is to be looked at.

    Raises:
        SettingsError: the command line's URL is none of an edge, or a file holds no certificates.
    """
    url, ca = arguments.edge_url, arguments.edge_ca
    if url:
        verify_base_url("--edge-url", url)
    return Site(
        settings=settings,
        visitor=Visitor(url or settings.base_url, _anchors(settings, ca), only=bool(ca)),
        open_origin=partial(open_store, settings),
        hosts=(url,) if url else (),
        now=context.now,
    )


def _anchors(settings: Settings, ca: str) -> str:
    """Return roots in PEM: those of a file, or those that boards are told at the factory."""
    if not ca:
        ders = edge_sets(settings).trust_anchors.values()
        return "".join(map(ssl.DER_cert_to_PEM_cert, ders))
    try:
        ssl.create_default_context(cafile=ca)
        return Path(ca).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:  # ssl.SSLError is one
        raise SettingsError(f"{ca} holds no certificates: {error}") from error


def _text(found: Sequence[Finding], site: Site) -> Iterator[str | Table]:
    """Yield the table, then what to mend, the worst first, and the count."""
    yield f"{site.settings.product} at {site.visitor.base_url}"
    rows = [(group_of(one.check), one.check, one.state.value, one.says) for one in found]
    yield Table(("group", "check", "state", "found"), rows)
    yield from _mends(found)
    yield _counts(found)


def _mends(found: Sequence[Finding]) -> Iterator[str]:
    """Yield what to do, the worst first, and each thing once."""
    worst_first = sorted(found, key=lambda one: SEVERITY.index(one.state))
    lines = [f"{one.state.value} {one.check}: {one.mend}" for one in worst_first if one.mend]
    if lines:
        yield "to mend:"
    yield from (f"  {line}" for line in dict.fromkeys(lines))


def _counts(found: Sequence[Finding]) -> str:
    counts = Counter(finding.state for finding in found)
    told = [f"{counts[state]} {_WORDS[state]}" for state in SEVERITY if counts[state]]
    return f"findings: {', '.join(told)}"


def _data(found: Sequence[Finding], site: Site) -> dict[str, object]:
    counts = Counter(finding.state for finding in found)
    return {
        "product": site.settings.product,
        "base_url": site.visitor.base_url,
        "counts": {state.value: counts[state] for state in SEVERITY},
        "findings": [{"group": group_of(one.check), **one.to_dict()} for one in found],
    }
