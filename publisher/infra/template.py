"""CloudFormation templates in YAML: read from the package, and parsed into the long form.

The short form of a function (`!Ref X`) becomes the long one (`{"Ref": "X"}`), as CloudFormation
itself takes it; what it would refuse or silently merge (a name twice) is refused here, with its
line.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from publisher.errors import PublisherError
from publisher.infra.names import STACKS
from publisher.packaged import read_packaged

# CreateChangeSet takes no more in TemplateBody (API reference).
MAX_BYTES = 51_200

# Functions whose long form has no "Fn::" before it.
_BARE = ("Ref", "Condition")
_FUNCTIONS = frozenset(
    ("And", "Base64", "Cidr", "Contains", "Equals", "FindInMap", "ForEach", "GetAZs", "GetAtt")
    + ("If", "ImportValue", "Join", "Length", "Not", "Or", "Select", "Split", "Sub")
    + ("ToJsonString", "Transform")
)


class TemplateError(PublisherError):
    """A template is not what CloudFormation takes."""


def read(name: str) -> str:
    """Return the text of one of the templates that come with Slotcast.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in STACKS:
        raise ValueError(f"there is no template {name!r}, only {', '.join(STACKS)}")
    return read_packaged(f"infra/{name}.yaml")


def load(text: str) -> dict[str, Any]:
    """Parse a template; all functions come out in their long form.

    Raises:
        TemplateError: it is not YAML, names something twice, or has no resources.
    """
    size_bytes = len(text.encode())
    if size_bytes > MAX_BYTES:
        raise TemplateError(
            f"the template has {size_bytes:,} bytes; CloudFormation takes {MAX_BYTES:,} at once"
        )
    try:
        template = _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        raise TemplateError(f"{_place(error)}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise TemplateError(f"the template is not YAML: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise TemplateError("the template has no Resources", "see infra/ota.yaml for one that has")
    for name, body in template["Resources"].items():
        if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
            raise TemplateError(f"the resource {name} has no Type")
    return template


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return "" if mark is None else f"line {mark.line + 1}: "


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: short functions, no dates, each name once."""


def _mapping(loader: _Loader, node: MappingNode) -> dict[str, Any]:
    """Build a mapping; unlike PyYAML, refuse a name that occurs twice."""
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        name = loader.construct_object(key_node, deep=True)
        if not isinstance(name, str | int):
            raise _error("a name must be a plain word", key_node)
        if str(name) in built:
            raise _error(f"{name} occurs twice in one mapping", key_node)
        built[str(name)] = loader.construct_object(value_node, deep=True)
    return built


def _function(loader: _Loader, suffix: str, node: Node) -> dict[str, Any]:
    """Turn `!Name value` into its long form."""
    if suffix not in _FUNCTIONS and suffix not in _BARE:
        raise _error(f"!{suffix} is no function of CloudFormation", node)
    value = _value(loader, node)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in _BARE else f"Fn::{suffix}": value}


def _value(loader: _Loader, node: Node) -> object:
    if isinstance(node, MappingNode):
        return _mapping(loader, node)
    if isinstance(node, SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


def _string(loader: _Loader, node: ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _error(problem: str, node: Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
# "2012-10-17" is the version of a policy, not a day.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _string)
_Loader.add_multi_constructor("!", _function)
