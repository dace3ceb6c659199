"""How a setting that the templates make is put right."""


def by_stack(what: str) -> str:
    """Return what to do, and by what means.

    CloudFormation compares a template with the one before it, not with what is there: what somebody
    changed beside it, it leaves (CloudFormation user guide, "Detect unmanaged configuration changes
    to stacks and resources with drift detection").
    """
    how = (
        "`slotcast infra apply`; it does not see what was changed by hand: change that back by hand"
    )
    return f"{what}: {how}"
