"""`slotcast root`: who may sign what; shown here, changed by the modules beside this one."""

from __future__ import annotations

from tuf.api.metadata import Root

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.root_apply import apply
from publisher.commands.root_key import make_key
from publisher.commands.root_propose import propose
from publisher.commands.root_sign import sign
from publisher.commands.root_site import open_site
from publisher.iso_time import iso
from publisher.root.words import ROLES, caution_lines, kind_of


def run(arguments: Arguments, context: Context) -> Result:
    """Do what the word behind `root` says."""
    commands = {"show": _show, "key": make_key, "propose": propose, "sign": sign, "apply": apply}
    return commands[arguments.root_command](arguments, context)


def _show(arguments: Arguments, context: Context) -> Result:
    site = open_site(arguments)
    root = site.root
    days = (root.expires - context.now).days
    if days < 0:
        context.warn("root has expired: boards install nothing")
    title = f"root {root.version} of {site.settings.product}, until {root.expires:%Y-%m-%d}"
    cautions = [f"note: {line}" for line in caution_lines(root)]
    data = {
        "product": site.settings.product,
        "version": root.version,
        "expires": iso(root.expires),
        "expires_in_days": days,
        "keys": [
            {"keyid": keyid, "kind": kind_of(root, keyid), "roles": _roles(root, keyid)}
            for keyid in root.keys
        ],
        "thresholds": {role: root.roles[role].threshold for role in ROLES},
    }
    return Result([title, _keys_table(root), _thresholds_table(root), *cautions], data)


def _roles(root: Root, keyid: str) -> list[str]:
    return [role for role in ROLES if keyid in root.roles[role].keyids]


def _keys_table(root: Root) -> Table:
    keyids = sorted(root.keys, key=lambda keyid: [*map(ROLES.index, _roles(root, keyid))])
    rows = [(keyid[:8], kind_of(root, keyid), ", ".join(_roles(root, keyid))) for keyid in keyids]
    return Table(("key", "kind", "signs"), rows)


def _thresholds_table(root: Root) -> Table:
    roles = [(role, root.roles[role]) for role in ROLES]
    rows = [(name, str(role.threshold), str(len(role.keyids))) for name, role in roles]
    return Table(("role", "must sign", "keys"), rows, right=("must sign", "keys"))
