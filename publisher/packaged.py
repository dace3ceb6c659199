"""Files that come with Slotcast and are for people too: templates, prices, schemas."""

from __future__ import annotations

from pathlib import Path


def read_packaged(path: str) -> str:
    """Return the text of such a file, by its path in the source tree: `infra/prices.toml`, say."""
    # They lie beside the package, in the source tree as in an installed wheel.
    return (Path(__file__).parents[1] / path).read_text(encoding="utf-8")
