"""Decisions as manifests/vectors/decide.json tells them."""

import json

from check import vectors
from test_decide import config

from slotcast.decide import Facts, decide
from slotcast.manifest import Manifest

_WHOM = ("product", "channel", "board", "chip", "group")


def _merged(base, changes):
    fields = dict(base)
    fields.update(changes)
    return fields


def _facts(fields):
    return Facts(
        config(**{name: fields[name] for name in _WHOM}),
        (fields["version"], fields["digest"]),
        fields["security_version"],
        fields["slot_bytes"],
        fields["device_id"],
        fields["failed"].get,
        fields["now"],
    )


def test_every_decision_is_the_one_told():
    known = vectors("decide")
    actions = set()
    for case in known["cases"]:
        manifest = Manifest(json.dumps(_merged(known["manifest"], case["manifest"])).encode())
        found = decide(manifest, _facts(_merged(known["facts"], case["facts"])))
        told = (case["action"], case["reason"])
        assert (found.action, found.reason) == told, (case["name"], found.action, found.reason)
        assert found.manifest is manifest
        actions.add(found.action)
    assert actions == {"install", "current", "step", "wait", "refuse"}
