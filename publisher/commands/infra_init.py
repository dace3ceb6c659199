"""`slotcast infra init`: write infra.toml, for a person to read and edit."""

from __future__ import annotations

from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.errors import SettingsError
from publisher.files import write_file
from publisher.infra.names import FILE_NAME
from publisher.infra.settings import packaged_templates, parse_infra
from publisher.infra.settings_text import InfraRequest, infra_text

_NEXT = (
    "next: read it, then `slotcast infra plan` with credentials of the account",
    "keep it under version control: it is what the stacks are held against",
)


def run(arguments: Arguments, context: Context) -> Result:
    """Write it, if there is none and all of it serves."""
    path = _path(arguments)
    if path.exists():
        raise SettingsError(f"{path} already exists", "edit it; init writes a new one only")
    text = infra_text(_request(arguments))
    settings = parse_infra(text, packaged_templates(), path)
    write_file(path, text.encode(), replace=False)
    for caution in settings.cautions():
        context.warn(caution)
    names = {kind: settings.stack_name(kind) for kind in settings.stacks}
    told = (f"{name} ({settings.region_of(kind)})" for kind, name in names.items())
    data = {"infra": str(path), "stacks": names}
    return Result([f"{path}: {', '.join(told)}", *_NEXT], data)


def _path(arguments: Arguments) -> Path:
    """Return where it is to be; unlike the other commands, look in no directory above."""
    if arguments.infra_file is not None:
        return arguments.infra_file
    settings = arguments.settings
    return Path(FILE_NAME) if settings is None else settings.with_name(FILE_NAME)


def _request(arguments: Arguments) -> InfraRequest:
    return InfraRequest(
        name=arguments.infra_name,
        product=arguments.product,
        region=arguments.region,
        ota={
            "BucketName": arguments.bucket,
            "DomainName": arguments.domain,
            "CertificateArn": arguments.certificate_arn,
            "HostedZoneId": arguments.hosted_zone_id,
        },
        oidc_provider_arn=arguments.oidc_provider_arn,
        release_subjects=tuple(arguments.github_subjects),
        refresh_subjects=tuple(arguments.refresh_subjects or arguments.github_subjects),
        log_bucket=arguments.log_bucket,
    )
