"""Run one test under MicroPython: `run_one.py DEVICE_DIR TEST_FILE TEST_NAME`."""

import sys


def main(device, path, name):
    folder, _, file = path.rpartition("/")
    sys.path[:0] = [device, folder]
    module = __import__(file[:-3])
    getattr(module, name)()
    print("passed", name)


main(*sys.argv[1:])
