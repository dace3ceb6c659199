"""What runs inside MicroPython in place of the ESP32 port's own modules.

`otadata`, `image` and `state` are plain Python and serve the supervisor on CPython too.
"""
