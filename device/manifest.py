"""Freezes Slotcast into a firmware build: `include("PATH/device/manifest.py")` in yours."""

package("slotcast", base_path=".", opt=3)  # noqa: F821 (a name of MicroPython's manifest files)
