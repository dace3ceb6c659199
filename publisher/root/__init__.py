"""Changing a root: proposed, signed by people apart from each other, and put in force."""
