"""What the commands of `slotcast infra` begin with: infra.toml, its templates, and the stacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publisher.arguments import Arguments
from publisher.commands import Context
from publisher.errors import SettingsError
from publisher.files import read_file
from publisher.infra import clients, template
from publisher.infra.buckets import holdings
from publisher.infra.cloudformation.stacks import Stack, Stacks
from publisher.infra.names import FILE_NAME, STACKS
from publisher.infra.ownership import verify_ours
from publisher.infra.settings import InfraSettings, load_infra
from publisher.settings import FILE_NAME as SETTINGS_FILE


@dataclass(frozen=True)
class Source:
    """A template: its text, and what stands in it."""

    text: str
    template: Mapping[str, Any]


@dataclass
class Site:
    """infra.toml, the templates by stack, and which stacks are asked for.

    `imports`: what is there already is taken into the stacks.
    """

    settings: InfraSettings
    sources: Mapping[str, Source]
    kinds: tuple[str, ...]
    context: Context
    imports: bool = False
    _stacks: dict[str, Stacks] = field(default_factory=dict)

    def stacks(self, kind: str) -> Stacks:
        """Return the stacks of the region where a stack is."""
        region = self.settings.region_of(kind)
        if region not in self._stacks:
            client = clients.cloudformation(region)
            self._stacks[region] = Stacks(client, self.context.note, self.context.sleep)
        return self._stacks[region]

    def find(self, kind: str) -> Stack | None:
        """Return a stack of infra.toml as it is; None if there is none.

        Raises:
            InfraError: the stack of that name is another product's.
        """
        stack = self.stacks(kind).find(self.settings.stack_name(kind))
        if stack is not None:
            verify_ours(stack, self.settings, kind)
        return stack

    def outputs(self, kind: str) -> Mapping[str, str]:
        """Return a stack's outputs; none where infra.toml has no such stack, or it is not there."""
        stack = self.find(kind) if kind in self.settings.stacks else None
        return {} if stack is None else stack.outputs

    def held(self, kind: str, buckets: list[str]) -> dict[str, str]:
        """Return what buckets of a stack hold, in words."""
        if not buckets:
            return {}
        client = clients.s3(self.settings.region_of(kind))
        return {bucket: holdings(client, bucket, self.context.warn) for bucket in buckets}


def open_site(arguments: Arguments, context: Context, *, is_declared: bool = True) -> Site:
    """Read infra.toml and hold it against the templates, those of the command line among them.

    Args:
        is_declared: a stack that is asked for by its kind has to have a section in infra.toml.

    Raises:
        SettingsError: infra.toml is missing or wrong, or names no such stack.
        TemplateError: a template is none.
    """
    sources = {kind: _source(template.read(kind)) for kind in STACKS}
    files = dict(getattr(arguments, "templates", ()))
    sources |= {kind: _read_source(path) for kind, path in files.items()}
    parsed = {kind: source.template for kind, source in sources.items()}
    settings = load_infra(find_infra(arguments), parsed, files)
    kinds = _kinds(arguments, settings, is_declared)
    return Site(settings, sources, kinds, context, getattr(arguments, "import_existing", False))


def find_infra(arguments: Arguments) -> Path:
    """Return the path of infra.toml: the one named, beside slotcast.toml, here, or the nearest."""
    if arguments.infra_file is not None:
        return arguments.infra_file
    if arguments.settings is not None:
        return arguments.settings.with_name(FILE_NAME)
    found = (folder / FILE_NAME for folder in (Path(), *Path.cwd().parents))
    return next((path for path in found if path.is_file()), Path(FILE_NAME))


def tell_file(site: Site, arguments: Arguments) -> None:
    """Say which infra.toml is taken where it is of a folder above: another may be meant."""
    path = site.settings.path
    is_named = arguments.infra_file is not None or arguments.settings is not None
    if path.is_absolute() and not is_named:
        site.context.note(f"infra.toml is taken from a folder above: {path}")


def is_founded(settings: InfraSettings) -> bool:
    """Whether slotcast.toml stands beside infra.toml."""
    return settings.path.with_name(SETTINGS_FILE).is_file()


def tell(context: Context, lines: Iterable[str]) -> None:
    """Show on the way what a person is to decide on."""
    for line in lines:
        context.note(line)


def _source(text: str) -> Source:
    return Source(text, template.load(text))


def _read_source(path: Path) -> Source:
    try:
        return _source(read_file(path).decode(errors="replace"))
    except template.TemplateError as error:
        raise template.TemplateError(f"{path}: {error}", error.hint) from error


def _kinds(arguments: Arguments, settings: InfraSettings, is_declared: bool) -> tuple[str, ...]:
    asked = getattr(arguments, "stacks", None) or settings.stacks
    for kind in asked:
        if is_declared and kind not in settings.stacks:
            raise SettingsError(f"{settings.path} has no section [{kind}]", "add one to have it")
    return tuple(kind for kind in STACKS if kind in asked)
