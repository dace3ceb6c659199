"""A `jq` command for machines without one: libjq by the package jq, with the options that we use.

`jq_command.py SITE_PACKAGES [OPTIONS] FILTER FILE...`, with -c -S -j -r -e -s in any bundle, and
`--arg NAME VALUE`.
"""

import json
import sys


def parse(words: list[str]) -> tuple[set[str], dict[str, str], list[str]]:
    """Return flags, variables, and the filter with its files."""
    flags, variables, rest = set(), {}, []
    words = iter(words)
    for word in words:
        if word == "--arg":
            name = next(words)
            variables[name] = next(words)
        elif word.startswith("-"):
            flags |= set(word[1:])
        else:
            rest.append(word)
    assert flags <= set("cSjres"), flags
    return flags, variables, rest


def read(name: str) -> str:
    """Return a file's text."""
    with open(name) as file:
        return file.read()


def main(words: list[str]) -> int:
    """Print each result; 5 where jq fails, 1 where -e finds false or null."""
    import jq

    flags, variables, (program, *files) = parse(words)
    text = "\n".join(map(read, files))
    try:
        results = jq.compile(program, args=variables).input_text(text, slurp="s" in flags).all()
    except ValueError as error:
        sys.stderr.write(f"jq: error: {error}\n")
        return 5
    for result in results:
        is_raw = flags & {"j", "r"} and isinstance(result, str)
        compact = json.dumps(
            result, sort_keys="S" in flags, separators=(",", ":"), ensure_ascii=False
        )
        sys.stdout.write((result if is_raw else compact) + ("" if "j" in flags else "\n"))
    return int("e" in flags and (not results or results[-1] in (None, False)))


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
