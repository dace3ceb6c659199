"""Write the test vectors anew: `make.py [DIR]`; the same bytes each time.

They are made from the formats' pages with no code of publisher or device, so that both are tested
against them. A change of format is a change here first.
"""

import json
import sys
from pathlib import Path

import decide_cases
import payload_cases
import rollout_cases

VERSION_ABOUT = (
    'Versions (manifests/repository.md). "order": "less" is the older one of each pair. "number" is'
    " what the client of version.json computes, X*10000 + Y*100 + Z, and stays below 2^32."
    ' "refused" must not be published.'
)


def version() -> dict[str, object]:
    """Return version.json: numbers, order, and what is refused."""
    numbers = {"0.0.0": 0, "0.0.1": 1, "1.4.3": 10403, "10.20.30": 102030}
    numbers |= {"0.99.99": 9999, "429495.99.99": 4294959999}
    order = [("0.0.0", "0.0.1"), ("0.0.9", "0.0.10"), ("0.9.0", "0.10.0"), ("9.0.0", "10.0.0")]
    order += [("1.2.3", "1.3.0"), ("1.99.99", "2.0.0"), ("1.4.3", "1.4.4")]
    refused = {
        "": "empty",
        "1": "one part",
        "1.2": "two parts",
        "1.2.3.4": "four parts",
        "1.2.": "an empty part",
        ".1.2": "an empty part",
        "01.2.3": "leading zero",
        "1.02.3": "leading zero",
        "1.2.00": "leading zero",
        "1.100.0": "Y above 99: 1.100.0 would read as 2.0.0",
        "1.0.100": "Z above 99: 1.0.100 would read as 1.1.0",
        "429496.0.0": "X above 429495",
        "4294967296.0.0": "X above 32 bits",
        "-1.2.3": "sign",
        "+1.2.3": "sign",
        "v1.2.3": "letter",
        "1.2.3-rc1": "suffix",
        "1.2.3+5": "suffix",
        " 1.2.3": "space",
        "1.2.3 ": "space",
        "1.2.3\n": "newline",
        "1,2,3": "comma",
        "1_0.2.3": "underscore, which Python's int takes",
        "\u0661.2.3": "a digit, but not an ASCII one",
        "1.2.x": "letter",
    }
    return {
        "about": VERSION_ABOUT,
        "numbers": [{"version": text, "number": number} for text, number in numbers.items()],
        "order": [{"less": less, "more": more} for less, more in order],
        "refused": [{"version": text, "why": why} for text, why in refused.items()],
    }


def main() -> None:
    """Write the four files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    payload = {"about": payload_cases.ABOUT, "bases": payload_cases.bases()}
    payload["cases"] = payload_cases.cases()
    files = {"payload": payload, "rollout": rollout_cases.rollout(), "version": version()}
    files["decide"] = decide_cases.decide()
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
