"""The mutation run's operators: what they make of a few lines."""

import ast

from mutants.operators import checkers_of, mutants

SOURCE = '''
_MAX_BYTES = 16 * 1024

class Box:
    def open(self, data, limit=9):
        """Raises ValueError."""
        if len(data) > _MAX_BYTES or not data:
            raise ValueError
        _verify_lid(data)
        for item in data:
            if item == limit:
                return item in (1, 2)
        raise KeyError

def _text(value):
    if not isinstance(value, str):
        raise ValueError
    return value

def name(fields):
    return _text(fields["name"])
'''


def found(operator, source=SOURCE):
    every = mutants("box", source, frozenset(checkers_of(source)))
    return [m.change for m in every if m.operator == operator]


def test_a_guard_is_switched_off():
    guard = "len(data) > _MAX_BYTES or not data"
    assert found("condition False") == [
        f"{guard} -> False",
        "item == limit -> False",
        "not isinstance(value, str) -> False",
    ]


def test_what_is_no_guard_is_forced_both_ways():
    assert found("condition True") == ["item == limit -> True"]


def test_operands_are_dropped_one_at_a_time():
    guard = "len(data) > _MAX_BYTES or not data"
    assert found("operand dropped") == [
        f"{guard} -> not data",
        f"{guard} -> len(data) > _MAX_BYTES",
    ]


def test_boundaries_move_and_equality_turns_round():
    assert found("boundary moved") == ["len(data) > _MAX_BYTES -> len(data) >= _MAX_BYTES"]
    assert sorted(found("negated")) == [
        "item == limit -> item != limit",
        "item in (1, 2) -> item not in (1, 2)",
    ]


def test_checks_are_left_out():
    assert found("call dropped") == ["_verify_lid(data) -> pass"]
    assert found("raise dropped") == ["raise KeyError -> pass"]
    assert found("value unchecked") == ["_text(fields['name']) -> fields['name']"]
    assert found("answer True") == ["item in (1, 2) -> True"]


def test_a_check_in_steps_is_left_out_and_a_generator_remains():
    source = "def load_steps(data):\n    yield from verify_steps(data)"
    assert found("call dropped", source) == ["yield from verify_steps(data) -> yield from ()"]


def test_limits_are_a_thousand_times_as_high():
    assert sorted(found("limit x1000")) == [
        "_MAX_BYTES = 16 * 1024 -> _MAX_BYTES = 16 * 1024 * 1000",
        "self, data, limit=9 -> self, data, limit=9 * 1000",
    ]


def test_each_mutant_is_another_program_and_knows_its_place():
    genuine = ast.unparse(ast.parse(SOURCE))
    every = list(mutants("box", SOURCE, frozenset({"_text"})))
    assert len({mutant.source for mutant in every}) == len(every)
    for mutant in every:
        compile(mutant.source, "box", "exec")
        assert mutant.source != genuine
    assert {mutant.function for mutant in every} == {"", "Box.open", "_text", "name"}
