"""`slotcast root sign`: one person's signature, with no network and no store."""

from __future__ import annotations

from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.product import find_settings, signer_loader
from publisher.commands.root_site import read_proposal
from publisher.errors import SettingsError
from publisher.files import replace_file, verify_new
from publisher.root.proposal import Proposal
from publisher.root.words import caution_lines, change_lines, signature_lines
from publisher.settings import load_settings

_DIGITS_TYPED = 8  # at least; they are compared on the phone, whole
_WHICH = (
    "--root SHA256, as it was told to you when the product was founded (root_sha256 of "
    "slotcast.toml): not as somebody told you with this file"
)


def sign(arguments: Arguments, context: Context) -> Result:
    """Show a person what changes, ask, and add their signature."""
    out = arguments.out or arguments.file
    verify_new(out, replace=out == arguments.file)
    proposal = read_proposal(arguments.file)
    fingerprint = arguments.root or _known_fingerprint(arguments)
    proposal.verify(fingerprint, context.now)
    sound = proposal.sound()
    strays = proposal.metadata.signatures.keys() - sound.metadata.signatures.keys()
    for keyid in sorted(strays):
        context.warn(f"the signature of key {keyid[:8]} counts for nothing, and is left out")
    _show(sound, fingerprint, context)
    _verify_wanted(arguments, sound, context)
    (signer,) = signer_loader(context, Path())([arguments.key])
    signed = sound.signed_by(signer)
    replace_file(out, signed.to_bytes())
    keyid = signer.public_key.keyid
    again = "had signed already" if signed is sound else "has signed"
    data = {
        "out": str(out),
        "version": signed.root.version,
        "sha256": signed.sha256,
        "digits": signed.digits,
        "keyid": keyid,
        "changes": list(change_lines(signed.former, signed.root)),
        "complete": signed.is_signed,
    }
    lines = [
        f"root {signed.root.version}, {signed.digits}:",
        f"key {keyid[:8]} {again}; written to {out}",
        *_signatures(signed),
    ]
    return Result([*lines, _next(signed)], data)


def _known_fingerprint(arguments: Arguments) -> str:
    path = find_settings(arguments)
    if arguments.settings is None and not path.is_file():
        raise SettingsError("of which product is this? There is no slotcast.toml here", _WHICH)
    return load_settings(path).root_sha256


def _show(proposal: Proposal, fingerprint: str, context: Context) -> None:
    before, after = proposal.former, proposal.root
    context.note(f"root {before.version} -> {after.version} of the product {fingerprint[:8]}...:")
    for line in change_lines(before, after):
        context.note(f"  {line}")
    for line in caution_lines(after, before):
        context.warn(line)
    for line in _signatures(proposal):
        context.note(line)
    context.note(f"if a root newer than {before.version} is in force, this is an old file: refuse")


def _signatures(proposal: Proposal) -> list[str]:
    return list(signature_lines(proposal.former, proposal.metadata))


def _verify_wanted(arguments: Arguments, proposal: Proposal, context: Context) -> None:
    if arguments.yes:
        return
    question = (
        f'Sign root {proposal.root.version}, {proposal.digits}? Type "yes", or those digits: '
    )
    typed = "".join(context.confirm(question).lower().split())
    digits = proposal.digits.replace(" ", "")
    if typed != "yes" and (len(typed) < _DIGITS_TYPED or not digits.startswith(typed)):
        raise SettingsError("not signed")


def _next(proposal: Proposal) -> str:
    if proposal.is_signed:
        return "that is enough: `slotcast root apply`, where the store can be written"
    return "more signatures are needed: pass this file on, or let others sign copies of it"
