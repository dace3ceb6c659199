"""What runs on boards, and the virtual board; slotcast/ and examples/ are MicroPython."""
