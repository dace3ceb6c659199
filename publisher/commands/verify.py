"""`slotcast verify`: the whole chain, from a fingerprint to each block of firmware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.product import find_settings, recall
from publisher.layout import key
from publisher.publish import View
from publisher.reading import Read, folder_product, folder_reader, url_product, url_reader
from publisher.seen import SeenFile
from publisher.settings import Settings, load_settings
from publisher.stores import open_store
from publisher.verify import verify
from publisher.walk import Paths, Report


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
    seen = _seen(arguments, root_sha256, context)
    report = verify(read, product, root_sha256, context.now, progress, seen, paths)
    return _result(product, Fingerprint(root_sha256, origin), report)


def _source(arguments: Arguments) -> tuple[str, Read, Paths | None]:
    """Return the product's name and what reads its keys, and lists them where it is a store."""
    if arguments.url:
        product = arguments.product or url_product(arguments.url)
        return product, url_reader(arguments.url, product, arguments.ca), None
    if arguments.dir is not None:
        product = arguments.product or folder_product(arguments.dir)
        return product, folder_reader(arguments.dir, product), None
    settings = _settings(arguments)
    product = arguments.product or settings.product
    view = View(open_store(settings), product)
    base = key(product, "")
    return product, lambda name: view.read(name.removeprefix(base)), view.metadata_paths


def _seen(arguments: Arguments, root_sha256: str, context: Context) -> Mapping[str, int]:
    """Return what was seen of the store before; a copy, or a CDN's cache, may well be older."""
    if arguments.url or arguments.dir is not None:
        return {}
    known = recall(SeenFile(_settings(arguments).directory, root_sha256), context)
    return {} if known is None else known.versions


def _settings(arguments: Arguments) -> Settings:
    return load_settings(find_settings(arguments))


def _result(product: str, root: Fingerprint, report: Report) -> Result:
    verdict = "verifies" if report.ok else "DOES NOT VERIFY"
    text = [f"{trusted.key}: {trusted.reason}" for trusted in report.objects]
    text += [f"{finding.severity}: {finding.key}: {finding.message}" for finding in report.findings]
    text.append(f"{product} {verdict} from root {root.root_sha256} (of {root.origin})")
    data = {
        "ok": report.ok,
        "product": product,
        "root_sha256": root.root_sha256,
        "root_sha256_of": root.origin,
        "objects": [{"key": o.key, "reason": o.reason} for o in report.objects],
        "findings": [
            {"severity": f.severity, "key": f.key, "message": f.message} for f in report.findings
        ],
    }
    return Result(text, data, exit_code=0 if report.ok else 1)
