"""The JSON Schemas in manifests/, and what they say of a value in words for a person."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from publisher.metadata_rules import MAX_INTEGER
from publisher.packaged import read_packaged


def parse_json(data: bytes) -> object:
    """Return the value of JSON on whose meaning all readers agree.

    Raises ValueError for what is not JSON in UTF-8, and for floats, integers of 2^53 or more,
    repeated names and nesting that exhausts the stack, which readers treat differently.
    """
    try:
        return json.loads(
            data.decode("utf-8"),
            parse_int=_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def canonical_json(value: object) -> bytes:
    """Return compact JSON in ASCII with sorted names: the one form in which Slotcast writes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def schema_problem(name: str, value: object) -> str:
    """Say how `value` differs from NAME.schema.json, or return ""."""
    error = best_match(_errors(name, value))
    return "" if error is None else _describe(error)


def _errors(name: str, value: object) -> Iterator[ValidationError]:
    return _validator(name).iter_errors(value)


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(read_packaged(f"manifests/{name}.schema.json")))


def _describe(error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "it"
    if error.validator == "required":
        instance: Any = error.instance
        missing = next(name for name in _schema(error)["required"] if name not in instance)
        return f"{where} has no {missing}"
    if error.validator == "additionalProperties":
        return f"{where} has other fields than {', '.join(_schema(error)['properties'])}"
    shown = repr(error.instance)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return f"{where} is {shown}; it must be {_schema(error)['description']}"


def _schema(error: ValidationError) -> Mapping[str, Any]:
    # Each part of our schemas is an object with a description; jsonschema allows bare true, too.
    return error.schema if isinstance(error.schema, Mapping) else {"description": "otherwise"}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return fields


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"an integer is not below 2^53: {text[:20]}")
    return value


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not an integer")
