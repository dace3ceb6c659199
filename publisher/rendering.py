"""Texts for people out of publisher/templates/: TOML and Markdown, never HTML."""

from __future__ import annotations

import json

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def render(template: str, **values: object) -> str:
    """Return a template of the package with these values in it; a name that is not there raises."""
    environment = Environment(
        loader=PackageLoader("publisher"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=select_autoescape(()),
    )
    environment.filters["quoted"] = json.dumps  # a JSON string is a TOML string
    return environment.get_template(template).render(**values)
