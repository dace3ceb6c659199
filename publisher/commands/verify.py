"""`slotcast verify`: the whole chain, from a fingerprint to each block of firmware."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.product import find_settings, recall
from publisher.layout import key
from publisher.publish import View
from publisher.reading import (
    folder_paths,
    folder_product,
    folder_products,
    folder_reader,
    url_product,
    url_reader,
)
from publisher.seen import SeenFile
from publisher.settings import Settings, load_settings
from publisher.stores import open_store
from publisher.verification.walk import (
    ERROR,
    NOTICE,
    UNREADABLE,
    WARNING,
    Beforehand,
    Paths,
    Read,
    Report,
    Trusted,
)
from publisher.verify import verify

# What matters most stands last, beside the verdict.
_ORDER = (NOTICE, WARNING, UNREADABLE, ERROR)


@dataclass(frozen=True)
class Fingerprint:
    """The SHA-256 of the first root, and who says that it is: "--root", or a file."""

    root_sha256: str
    origin: str


def run(arguments: Arguments, context: Context) -> Result:
    """Verify what is published, wherever it is; exit with 1 if it is not sound."""
    product, read, paths = _source(arguments)
    root_sha256 = arguments.root or _settings(arguments).root_sha256
    origin = "--root" if arguments.root else str(find_settings(arguments))
    progress = partial(context.progress, "verify")
    known = Beforehand(_seen(arguments, root_sha256, context), _memory(arguments))
    report = verify(read, product, root_sha256, context.now, progress, known, paths)
    root = Fingerprint(root_sha256, origin)
    text = list(_text(product, root, report, arguments.brief))
    return Result(text, _data(product, root, report), exit_code=0 if report.ok else 1)


def _source(arguments: Arguments) -> tuple[str, Read, Paths | None]:
    """Return the product's name, what reads its keys, and what lists them, which no URL does."""
    if arguments.url:
        product = arguments.product or url_product(arguments.url)
        return product, url_reader(arguments.url, product, arguments.ca), None
    if arguments.dir is not None:
        product = arguments.product or _folder_product(arguments.dir, arguments)
        read = folder_reader(arguments.dir, product)
        return product, read, partial(folder_paths, arguments.dir, product)
    settings = _settings(arguments)
    product = arguments.product or settings.product
    store, base = open_store(settings), key(product, "")
    view = View(store, product)

    def paths() -> Iterator[str]:
        return (name.removeprefix(base) for name in store.list(base))

    return product, lambda name: view.read(name.removeprefix(base)), paths


def _folder_product(folder: Path, arguments: Arguments) -> str:
    """Return which product of a folder is meant: of several that of slotcast.toml, if it has it."""
    names, path = folder_products(folder), find_settings(arguments)
    if len(names) > 1 and path.is_file() and (own := load_settings(path).product) in names:
        return own
    return folder_product(folder)


def _seen(arguments: Arguments, root_sha256: str, context: Context) -> Mapping[str, int]:
    """Return what was seen of the store before; a copy, or a CDN's cache, may well be older."""
    if arguments.url or arguments.dir is not None:
        return {}
    known = recall(SeenFile(_settings(arguments).directory, root_sha256), context)
    return {} if known is None else known.versions


def _memory(arguments: Arguments) -> Mapping[str, int]:
    """Return what slotcast.toml says of its boards; a copy may be anybody's."""
    if arguments.url or arguments.dir is not None:
        return {}
    boards = _settings(arguments).boards
    return {name: board.payload_memory for name, board in boards.items()}


def _settings(arguments: Arguments) -> Settings:
    return load_settings(find_settings(arguments))


def _text(product: str, root: Fingerprint, report: Report, is_brief: bool) -> Iterator[str]:
    """Yield the report for a person: what is trusted and why, what is not, and the verdict."""
    if not is_brief:
        yield from _section("offered now", [o for o in report.objects if o.current])
        yield from _section("history", [o for o in report.objects if not o.current])
    for finding in sorted(report.findings, key=lambda f: _ORDER.index(f.severity)):
        yield f"{finding.severity}: {finding.key}: {finding.message}"
    yield _counts(report)
    yield f"{product} {_verdict(report)} from root {root.root_sha256} (of {root.origin})"


def _section(title: str, objects: list[Trusted]) -> Iterator[str]:
    if objects:
        yield f"{title}:"
        for trusted in objects:
            yield f"  {trusted.key}"
            yield f"      {trusted.reason}"
        yield ""


def _counts(report: Report) -> str:
    current = sum(trusted.current for trusted in report.objects)
    history = len(report.objects) - current
    found = [(report.count(severity), severity) for severity in reversed(_ORDER)]
    findings = ", ".join(_plural(n, severity) for n, severity in found if n) or "no findings"
    verified = f"{_plural(current, 'object')} on offer and {history} of history verify"
    broken = "" if report.chain_holds else "; what comes behind could not be looked at"
    return f"{verified}; {findings}{broken}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number != 1 and noun != UNREADABLE else "")


def _verdict(report: Report) -> str:
    if report.count(ERROR):
        return "DOES NOT VERIFY"
    return "could not be read, and IS NOT VERIFIED" if report.count(UNREADABLE) else "verifies"


def _data(product: str, root: Fingerprint, report: Report) -> dict[str, object]:
    return {
        "ok": report.ok,
        "chain_holds": report.chain_holds,
        "unreadable": report.count(UNREADABLE),
        "product": product,
        "root_sha256": root.root_sha256,
        "root_sha256_of": root.origin,
        "objects": [asdict(trusted) for trusted in report.objects],
        "findings": [asdict(finding) for finding in report.findings],
    }
