"""A seeded defect, and how it is made: functions that return an edit of a parsed template."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from publisher.infra.node import walk
from publisher.infra.template import load, read

Edit = Callable[[dict], None]


@dataclass(frozen=True)
class Defect:
    """A mistake: the rule that catches it or "", the template, what it is, and how it is made."""

    rule: str
    template: str
    what: str
    edit: Edit

    def seeded(self, sound: dict) -> dict:
        """The template with the mistake in it."""
        template = deepcopy(sound)
        self.edit(template)
        assert template != sound, f"{self.what}: nothing has changed"
        return template


def sound_templates() -> dict[str, dict]:
    return {name: load(read(name)) for name in ("ota", "ci", "logs")}


def put(resource: str, path: str, value: object) -> Edit:
    """Set what lies at a path below Properties, or beside it after a slash; None takes it out."""

    def edit(template: dict) -> None:
        node = template["Resources"][resource]
        *names, last = path[1:].split("/") if path[0] == "/" else ["Properties", *path.split("/")]
        for name in names:
            node = node[int(name) if name.isdigit() else name]
        _set(node, int(last) if last.isdigit() else last, value)

    return edit


def _set(node: dict | list, key: str | int, value: object) -> None:
    if value is None:
        del node[key]
    else:
        node[key] = value


def within(resource: str, name: str, value: str, key: str, new: object) -> Edit:
    """In the mapping that has `name: value` set a key; None takes it out."""

    def edit(template: dict) -> None:
        found = [one for one in walk(template["Resources"][resource]) if one.get(name) == value]
        assert found, f"{resource} has no {name}: {value}"
        _set(found[0], key, new)

    return edit


def sid(resource: str, sid: str, key: str, new: object) -> Edit:
    return within(resource, "Sid", sid, key, new)


def path(pattern: str, key: str, new: object) -> Edit:
    return within("Distribution", "PathPattern", pattern, key, new)


def without(resource: str, sid: str) -> Edit:
    """Take a statement out, from under its condition too."""

    def edit(template: dict) -> None:
        for node in walk(template["Resources"][resource]):
            if isinstance(node.get("Statement"), list):
                kept = [one for one in node["Statement"] if not _has_sid(one, sid)]
                node["Statement"] = kept

    return edit


def _has_sid(statement: dict, sid: str) -> bool:
    return any(one.get("Sid") == sid for one in walk(statement))


def allowing(resource: str, action: object, of: object, **more: object) -> Edit:
    """Add a statement that allows something: to a role, or in a policy of a resource."""

    def edit(template: dict) -> None:
        statement = {"Effect": "Allow", "Action": action, "Resource": of, **more}
        found = [one for one in walk(template["Resources"][resource]) if "Statement" in one]
        found[-1]["Statement"].append(statement)

    return edit


def behaviour_last(pattern: str) -> Edit:
    def edit(template: dict) -> None:
        config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
        found = config["CacheBehaviors"]
        found.sort(key=lambda one: one["PathPattern"] == pattern)

    return edit


def first_behaviour(pattern: str, cache_policy: object) -> Edit:
    """Put a behaviour before all others, like the first but for its pattern and cache policy."""

    def edit(template: dict) -> None:
        config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
        found = config["CacheBehaviors"]
        found.insert(0, {**found[0], "PathPattern": pattern, "CachePolicyId": cache_policy})

    return edit


def error(code: int, key: str, value: object) -> Edit:
    return within("Distribution", "ErrorCode", code, key, value)


def parameter(name: str, key: str, value: object) -> Edit:
    def edit(template: dict) -> None:
        _set(template["Parameters"][name], key, value)

    return edit


def condition(name: str, value: object) -> Edit:
    def edit(template: dict) -> None:
        template["Conditions"][name] = value

    return edit


def output(name: str, value: object) -> Edit:
    """Add an output."""

    def edit(template: dict) -> None:
        template["Outputs"][name] = {"Value": value}

    return edit


def fields(*names: str, without: str = "") -> Edit:
    def edit(template: dict) -> None:
        properties = template["Resources"]["Delivery"]["Properties"]
        kept = [one for one in properties["RecordFields"] if one != without]
        properties["RecordFields"] = [*kept, *names]

    return edit


def declaring(name: str, edit: Edit) -> Edit:
    """Declare a parameter that takes anything, and make an edit that refers to it."""

    def both(template: dict) -> None:
        template["Parameters"][name] = {"Type": "String", "Description": "Anything"}
        edit(template)

    return both


def adding(kind: str, **properties: object) -> Edit:
    """Add a resource."""

    def edit(template: dict) -> None:
        template["Resources"]["Added"] = {"Type": kind, "Properties": properties}

    return edit


def at_top(name: str, value: object) -> Edit:
    def edit(template: dict) -> None:
        template[name] = value

    return edit
