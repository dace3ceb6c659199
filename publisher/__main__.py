"""`python -m publisher` is the command `slotcast`."""

from publisher.cli import entry_point

if __name__ == "__main__":
    entry_point()
