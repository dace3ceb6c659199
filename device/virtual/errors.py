"""What can go wrong with the virtual board itself, as against what goes wrong on it."""


class VirtualBoardError(Exception):
    """The virtual board cannot be made or run: a program is missing, or its process broke."""
