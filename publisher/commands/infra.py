"""`slotcast infra`: the stacks in AWS; each sub-command is a module beside this one."""

from __future__ import annotations

from importlib import import_module

from publisher.arguments import Arguments
from publisher.commands import Context, Result


def run(arguments: Arguments, context: Context) -> Result:
    """Run the sub-command."""
    # Imported by name: neither init nor cost needs boto3.
    module = import_module(f"publisher.commands.infra_{arguments.infra_command}")
    result: Result = module.run(arguments, context)
    return result
