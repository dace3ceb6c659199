"""The board's signature code as modules: nothing is computed at import, and who imports what."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import device

FOLDER = Path(device.__file__).parent / "slotcast"
BASE_TABLES = ("ed25519_base", "p256_base")
MODULES = ("ed25519", "sha512", "sha512_viper", "p256", "rsa_pss", "spki", "der", *BASE_TABLES)
ON_DEMAND = {"p256", "p256_base", "rsa_pss", "spki"}  # what only roots with such keys need


def tree(module: str) -> ast.Module:
    return ast.parse((FOLDER / f"{module}.py").read_text())


def is_literal(node: ast.expr) -> bool:
    """Whether a value stands there as such: no operator, no call, no name."""
    if isinstance(node, ast.Tuple):
        return all(map(is_literal, node.elts))
    return isinstance(node, ast.Constant)


def computing(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the statements of a module or class that do more than to name things."""
    for statement in body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                continue
            case ast.Expr(value=ast.Constant()):  # a docstring
                continue
            case ast.Assign(value=value) if is_literal(value):
                continue
            case ast.FunctionDef(args=arguments) if all(map(is_literal, arguments.defaults)):
                words = {ast.unparse(word) for word in statement.decorator_list}
                if words <= {"micropython.viper"}:
                    continue
            case ast.ClassDef(bases=[], decorator_list=[]):
                yield from computing(statement.body)
                continue
        yield ast.unparse(statement)


@pytest.mark.parametrize("module", MODULES)
def test_a_signature_module_computes_nothing_at_import(module: str) -> None:
    assert list(computing(tree(module).body)) == []


@pytest.mark.parametrize(
    "source",
    [
        "P = 2**255 - 19",
        "T = tuple(range(3))",
        "N = -5",
        "def f(x=2 + 3): pass",
        "for i in (): pass",
    ],
)
def test_what_computes_at_import_is_found(source: str) -> None:
    assert list(computing(ast.parse(source).body))


def imported_at_once(module: str) -> set[str]:
    """The package's modules that importing one imports, and these in turn."""
    found = set()
    for statement in tree(module).body:
        if isinstance(statement, ast.ImportFrom) and statement.module.startswith("slotcast."):
            name = statement.module.removeprefix("slotcast.")
            found |= {name} | imported_at_once(name)
    return found


def test_a_board_whose_root_has_only_ed25519_keys_never_loads_the_other_algorithms() -> None:
    others = {path.stem for path in FOLDER.glob("*.py")} - ON_DEMAND
    for module in others:
        assert not imported_at_once(module) & ON_DEMAND, module
    assert "sha512" in imported_at_once("ed25519")
    assert imported_at_once("p256") == {"der", "p256_base"}
