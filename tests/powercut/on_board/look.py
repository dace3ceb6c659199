"""What MicroPython's own LittleFS finds after each cut: `micropython look.py CUTS STEP`.

CUTS is a file: the vfs partition, the number of operations, and each of them. Each point is mounted
and read whole, then a file is replaced as Slotcast does it. Lines of JSON are printed: for each run
of points with the same files [number, kind, start, stop, tree], before the first point of a tree
{"tree": tree, "files": path -> content in hex}, last {"end": tree after all operations}.
"""

import binascii
import hashlib
import json
import os
import struct
import sys

import vfs

_SIZE = 0x30000
_SECTOR = 4096
_PAGE = 256
_MOUNT = "/flash"


class Flash:
    """A block device over bytes; what is programmed only clears bits."""

    def __init__(self, data):
        self.data = data

    def readblocks(self, block, buffer, offset=0):
        at = block * _SECTOR + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * _SECTOR + offset
        for index, byte in enumerate(buffer):
            self.data[at + index] &= byte

    def ioctl(self, command, argument):
        if command == 4:
            return _SIZE // _SECTOR
        if command == 5:
            return _SECTOR
        if command == 6:
            at = argument * _SECTOR
            self.data[at : at + _SECTOR] = b"\xff" * _SECTOR
        return 0


def read_tree(path, files):
    """Path -> content of every file below a folder."""
    for name, kind, *_ in os.ilistdir(path):
        below = path + "/" + name
        if kind == 0x4000:
            read_tree(below, files)
        else:
            with open(below, "rb") as file:
                files[below[len(_MOUNT) :]] = file.read()
    return files


def look(data, scratch):
    """Read the files of a partition, and see that one can still be replaced on a copy of it."""
    scratch[:] = data
    vfs.mount(vfs.VfsLfs2(Flash(scratch)), _MOUNT)
    try:
        files = read_tree(_MOUNT, {})
        replace(_MOUNT + "/etc/slotcast/metadata/timestamp.json")
    finally:
        vfs.umount(_MOUNT)
    return files


def replace(path):
    with open(path + ".new", "wb") as file:
        file.write(path)
    os.rename(path + ".new", path)
    with open(path, "rb") as file:
        assert file.read() == path.encode()


class Report:
    """Prints trees, and runs of points that have the same."""

    def __init__(self):
        self._trees = {}
        self._run = None

    def tree(self, files):
        whole = hashlib.sha256()
        for path in sorted(files):
            whole.update(b"%s\0%d\0" % (path.encode(), len(files[path])))
            whole.update(files[path])
        key = whole.digest()
        if key not in self._trees:
            self._trees[key] = len(self._trees)
            texts = {path: binascii.hexlify(data).decode() for path, data in files.items()}
            print(json.dumps({"tree": self._trees[key], "files": texts}))
        return self._trees[key]

    def point(self, number, kind, at, tree):
        run = self._run
        if run and run[:2] == [number, kind] and run[3] == at and run[4] == tree:
            run[3] = at + 1
            return
        self.flush()
        self._run = [number, kind, at, at + 1, tree]

    def flush(self):
        if self._run:
            print(json.dumps(self._run))
        self._run = None


def cuts(cut, data):
    """Yield (number, kind, at, whether it differs) of each point, with `data` as the cut leaves it.

    An operation is kind, at (of a weak erase), number, address, and bytes of data that follow.
    """
    kind, weak, number, address, length = struct.unpack("<BBIII", cut.read(14))
    content = cut.read(length)
    if kind == ord("w"):
        whole = data[address : address + length]
        data[address : address + length] = content
        yield number, "w", weak, True
        data[address : address + length] = whole
    elif kind == ord("e"):
        for page in range(_SECTOR // _PAGE):
            yield number, "e", page, True
            at = address + page * _PAGE
            data[at : at + _PAGE] = b"\xff" * _PAGE
    else:
        changed = True
        for index, byte in enumerate(content):
            yield number, "p", index, changed
            held = data[address + index]
            data[address + index] = held & byte
            changed = held & byte != held


def main(path, step):
    """Look at the points of a file of cuts; of bytes that change something at each `step`th."""
    with open(path, "rb") as cut:
        data = bytearray(cut.read(_SIZE))
        scratch = bytearray(_SIZE)
        report, tree, is_stale = Report(), None, True
        (count,) = struct.unpack("<I", cut.read(4))
        for _ in range(count):
            for number, kind, at, changed in cuts(cut, data):
                is_stale = is_stale or changed
                if is_stale and (kind != "p" or at % step == 0):
                    tree, is_stale = report.tree(look(data, scratch)), False
                report.point(number, kind, at, tree)
        report.flush()
        print(json.dumps({"end": report.tree(look(data, scratch))}))


main(sys.argv[1], int(sys.argv[2]))
