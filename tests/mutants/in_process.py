"""The device's tests as plain functions on CPython, without pytest: a process each run.

    in_process.py ROOT calls FILE...       JSON: what each test calls, and how long it takes
    in_process.py ROOT kill FILE::TEST@S...  each test's name before it runs; exit 1 at a failure,
                                           killed by SIGALRM when a test takes longer than S seconds

ROOT is a copy of the tree; its pyproject.toml tells where modules are found. FILE is a test file's
name without `.py`.
"""

import importlib
import json
import resource
import signal
import sys
import time
import tomllib
import traceback
from pathlib import Path

# A mutant without a limit may want any amount.
_MAX_MEMORY_BYTES = 2 << 30


def main() -> int:
    root, task, *names = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    settings = tomllib.loads((Path(root) / "pyproject.toml").read_text())
    places = settings["tool"]["pytest"]["ini_options"]["pythonpath"]
    sys.path[:1] = [str(Path(root) / place) for place in places]
    if task == "kill":
        return _kill(names)
    print(json.dumps({test: found for name in names for test, found in _calls(name)}))
    return 0


def _kill(tests: list[str]) -> int:
    for item in tests:
        test, _, limit_s = item.partition("@")
        print(test, flush=True)
        signal.alarm(int(limit_s))
        file, _, name = test.partition("::")
        try:
            getattr(importlib.import_module(file), name)()
        except BaseException:
            traceback.print_exc()
            return 1
    return 0


def _calls(file: str):
    """Yield (test, {"calls", "seconds", "fails"}) of a file's tests."""
    try:
        module = importlib.import_module(file)
    except Exception as error:
        yield file + "::", {"calls": [], "seconds": 0, "fails": repr(error)}
        return
    for name in [name for name in vars(module) if name.startswith("test_")]:
        calls, began, fails = set(), time.monotonic(), ""
        sys.setprofile(lambda frame, event, _, calls=calls: _note(frame, event, calls))
        try:
            getattr(module, name)()
        except Exception as error:
            fails = repr(error)
        finally:
            sys.setprofile(None)
        seconds = time.monotonic() - began
        yield f"{file}::{name}", {"calls": sorted(calls), "seconds": seconds, "fails": fails}


def _note(frame, event: str, calls: set[str]) -> None:
    """Add `module:function` of the device's code; what stands inside a function counts as it."""
    code = frame.f_code
    if event == "call" and "/device/slotcast/" in code.co_filename:
        function = code.co_qualname.partition(".<locals>")[0]
        calls.add(f"{Path(code.co_filename).stem}:{function}")


if __name__ == "__main__":
    sys.exit(main())
