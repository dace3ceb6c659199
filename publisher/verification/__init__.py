"""The parts of what verify.py does, each for one kind of what is published."""
