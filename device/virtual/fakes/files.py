"""Helpers for the supervisor: `micropython -m fakes.files BOOT_FILE put|get|list|remove ...`.

put FOLDER: copy a folder of the host into the root. get PATH FILE: copy a file out. list PATH
FILE: write the names in a folder to a file, a line each, a slash behind those of folders. remove
PATH: delete a file.
"""

import os
import sys

from fakes import chip as _chip

_CHUNK = 1024


def main(boot_file: str, command: str, *arguments: str) -> None:
    """Mount the board's files and do one command."""
    host = _chip.power_up(boot_file).host
    from fakes import filesystem

    filesystem.mount("")
    if command == "put":
        put(host, arguments[0], "")
    elif command == "get":
        with open(arguments[0], "rb") as source, host.open(arguments[1], "wb") as target:
            copy(source, target)
    elif command == "list":
        with host.open(arguments[1], "w") as target:
            for name, kind, *_ in os.ilistdir(arguments[0]):
                target.write(name + ("/\n" if kind == 0x4000 else "\n"))
    elif command == "remove":
        os.remove(arguments[0])


def put(host: object, source: str, target: str) -> None:
    """Copy a folder of the host, with what is below it."""
    for name, is_folder in host.list(source):
        below, path = source + "/" + name, target + "/" + name
        if is_folder:
            make_folder(path)
            put(host, below, path)
            continue
        with host.open(below, "rb") as original, open(path, "wb") as made:
            copy(original, made)


def make_folder(path: str) -> None:
    """Make a folder, if it is not there already."""
    try:
        os.mkdir(path)
    except OSError as error:
        if error.errno != 17:
            raise


def copy(source: object, target: object) -> None:
    """Copy an open file to another."""
    while True:
        data = source.read(_CHUNK)
        if not data:
            return
        target.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
