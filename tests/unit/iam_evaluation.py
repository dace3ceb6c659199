"""IAM's answer to one request, as far as the templates' policies need it.

No emulator knows the condition keys that they hang on. Source: IAM user guide, "Policy evaluation
logic" and "IAM JSON policy elements: Condition operators".
"""

from fnmatch import fnmatchcase


def decide(statements, action, resource, context):
    """`allowed`, `explicitDeny` or `implicitDeny`, in the simulator's words.

    Args:
        statements: of all policies that bear on the request, parsed.
        context: the request's condition keys and their values.
    """
    effects = {one.is_allow for one in statements if _applies(one, action, resource, context)}
    if False in effects:
        return "explicitDeny"
    return "allowed" if True in effects else "implicitDeny"


def _applies(statement, action, resource, context):
    context = {key.lower(): value for key, value in context.items()}
    return (
        statement.covers(action)
        and _is_about(statement.document, resource)
        and all(
            _holds(*name.split(" ", 1), values, context)
            for name, values in statement.conditions.items()
        )
    )


def _is_about(statement, resource):
    """Whether it names a resource; a policy of a key or of trust names none, and is about all."""
    is_negated = "NotResource" in statement
    named = statement["NotResource"] if is_negated else statement.get("Resource", "*")
    patterns = [named] if isinstance(named, str) else named
    return any(fnmatchcase(resource, one) for one in patterns) != is_negated


def _holds(operator, key, values, context):
    there = context.get(key)
    if operator == "null":
        return values == (str(there is None).lower(),)
    if there is None:
        return operator.endswith("ifexists") or "not" in operator
    holds = {
        "bool": lambda value: there == value,
        "stringequals": lambda value: there == value,
        "stringlikeifexists": lambda value: fnmatchcase(there, value),
        "numericlessthan": lambda value: float(there) < float(value),
        "arnnotequals": lambda value: there != value,
        "stringnotequals": lambda value: there != value,
    }[operator]
    return all(map(holds, values)) if "not" in operator else any(map(holds, values))
