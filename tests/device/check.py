"""What device tests share; runs on CPython and MicroPython."""

import json

VECTORS = __file__.rsplit("/", 3)[0] + "/manifests/vectors/"


def raises(kind, function, *args, says=""):
    """Assert that function(*args) raises `kind` with `says` in its message; returns the error."""
    try:
        function(*args)
    except kind as error:
        assert says in str(error), "said %r" % str(error)
        return error
    raise AssertionError("no %s" % kind.__name__)


def vectors(name):
    """The parsed content of manifests/vectors/NAME.json."""
    with open(VECTORS + name + ".json") as file:
        return json.load(file)
