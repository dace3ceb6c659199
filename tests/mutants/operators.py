"""Mutants of a module: its source with one check taken out, weakened, or moved by one."""

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_OPPOSITE = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_NONE = ast.Tuple([], ast.Load())
_VERIFIES = re.compile(r"_?(verify|check|compare)(_|$)")
_LIMIT = re.compile(r"_?MAX_|_?MIN_")
_FACTOR = 1000

Edit = tuple[str, ast.AST, ast.AST]  # operator, node, what takes its place


@dataclass(frozen=True)
class Mutant:
    """One change of a module.

    Attributes: module (its name), line, function (qualified; "" at module level), operator,
    change ("what stood -> what stands now"), source (of the whole mutated module).
    """

    module: str
    line: int
    function: str
    operator: str
    change: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it for as long as its function stays as it is."""
        return self.module, self.function, self.change


def mutants(module: str, source: str, checkers: frozenset[str] = frozenset()) -> Iterator[Mutant]:
    """Yield every mutant of a module.

    Args:
        checkers: functions that return their first argument, or raise (see `checkers_of`).
    """
    tree = ast.parse(source)
    for node, function in _nodes(tree):
        for operator, old, new in _edits(node, checkers):
            change = f"{_text(old)} -> {_text(new)}"
            line = getattr(old, "lineno", getattr(node, "lineno", 1))
            yield Mutant(module, line, function, operator, change, _with(tree, old, new))


def checkers_of(source: str) -> Iterator[str]:
    """Names of the functions that give back their first argument after a check that may raise."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.args.args:
            inside = list(ast.walk(node))
            returned = [_text(n.value) for n in inside if isinstance(n, ast.Return) and n.value]
            raises = any(isinstance(n, ast.Raise) for n in inside)
            if raises and returned and set(returned) == {node.args.args[0].arg}:
                yield node.name


def _nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every node, with the name of the function or method around it."""

    def walk(node: ast.AST, names: tuple[str, ...], inside: str) -> Iterator[tuple]:
        for child in ast.iter_child_nodes(node):
            name, here = names, inside
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and not inside:
                name = (*names, child.name)
                here = ".".join(name) if isinstance(child, ast.FunctionDef) else ""
            yield child, here
            yield from walk(child, name, here)

    yield from walk(tree, (), "")


def _edits(node: ast.AST, checkers: frozenset[str]) -> Iterator[Edit]:
    for kind, edit in _OPERATORS:
        if isinstance(node, kind):
            yield from edit(node)
    if isinstance(node, ast.Call) and node.args and _text(node.func) in checkers:
        yield "value unchecked", node, node.args[0]


def _condition(node: ast.If | ast.While | ast.IfExp) -> Iterator[Edit]:
    yield "condition False", node.test, ast.Constant(False)
    if not isinstance(node, ast.While) and not _refuses(node):
        yield "condition True", node.test, ast.Constant(True)


def _refuses(node: ast.If | ast.IfExp) -> bool:
    """Whether the branch says no: made always to, it would be noticed by any test at all."""
    last = node.body[-1] if isinstance(node, ast.If) else None
    says_no = isinstance(last, ast.Return) and _text(last.value or node) in ("False", "None")
    return isinstance(last, ast.Raise) or says_no


def _block(node: ast.AST) -> Iterator[Edit]:
    """A `raise` that is not all that an `if` does: of that one, the condition is taken instead."""
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        for statement in statements if isinstance(statements, list) else ():
            alone = isinstance(node, ast.If) and name == "body" and len(statements) == 1
            if isinstance(statement, ast.Raise) and not alone:
                yield "raise dropped", statement, ast.Pass()


def _call(node: ast.Expr) -> Iterator[Edit]:
    in_steps = isinstance(node.value, ast.YieldFrom)
    call = node.value.value if in_steps else node.value
    if isinstance(call, ast.Call) and _VERIFIES.match(_text(call.func).rpartition(".")[2]):
        # What is left of a generator is one still.
        yield "call dropped", node, ast.Expr(ast.YieldFrom(_NONE)) if in_steps else ast.Pass()


def _operand(node: ast.BoolOp) -> Iterator[Edit]:
    for at in range(len(node.values)):
        rest = node.values[:at] + node.values[at + 1 :]
        new = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        yield "operand dropped", node, new


def _comparison(node: ast.Compare) -> Iterator[Edit]:
    for at, op in enumerate(node.ops):
        swapped = {**_BOUNDARY, **_OPPOSITE}[type(op)]
        new = copy.copy(node)
        new.ops = [*node.ops[:at], swapped(), *node.ops[at + 1 :]]
        yield ("boundary moved" if type(op) in _BOUNDARY else "negated"), node, new
    for at, part in enumerate(node.comparators):
        if _is_limit(part) and type(node.ops[at]) in _BOUNDARY:
            new = copy.copy(node)
            new.comparators = [*node.comparators[:at], _times(part), *node.comparators[at + 1 :]]
            yield "limit x1000", node, new


def _answer(node: ast.Return) -> Iterator[Edit]:
    value = node.value
    is_test = isinstance(value, ast.Compare | ast.BoolOp)
    is_not = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not)
    if is_test or is_not or (isinstance(value, ast.Constant) and value.value is False):
        yield "answer True", value, ast.Constant(True)


def _constant(node: ast.Assign) -> Iterator[Edit]:
    target = node.targets[0]
    if isinstance(target, ast.Name) and _LIMIT.match(target.id):
        new = ast.Assign([target], _times(node.value), lineno=node.lineno)
        yield "limit x1000", node, new


def _default(node: ast.FunctionDef) -> Iterator[Edit]:
    defaults = node.args.defaults
    for at, default in enumerate(defaults):
        if _is_limit(default):
            new = copy.copy(node.args)
            new.defaults = [*defaults[:at], _times(default), *defaults[at + 1 :]]
            yield "limit x1000", node.args, new


def _is_limit(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value > 1


def _times(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Mult(), ast.Constant(_FACTOR))


_OPERATORS: tuple[tuple[type | tuple[type, ...], Callable[..., Iterator[Edit]]], ...] = (
    ((ast.If, ast.While, ast.IfExp), _condition),
    (ast.stmt, _block),
    (ast.Expr, _call),
    (ast.BoolOp, _operand),
    (ast.Compare, _comparison),
    (ast.Return, _answer),
    (ast.Assign, _constant),
    (ast.FunctionDef, _default),
)


def _with(tree: ast.Module, old: ast.AST, new: ast.AST) -> str:
    """The source of the tree with one node replaced, and the tree left as it is."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                text = ast.unparse(tree)
                setattr(parent, name, old)
                return text
            if isinstance(value, list) and any(item is old for item in value):
                setattr(parent, name, [new if item is old else item for item in value])
                text = ast.unparse(tree)
                setattr(parent, name, value)
                return text
    raise ValueError("the node is not of this tree")


def _text(node: ast.AST) -> str:
    return ast.unparse(node)
