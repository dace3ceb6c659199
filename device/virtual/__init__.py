"""The virtual ESP32: real MicroPython on a flash file, a bootloader model, fake peripherals."""
