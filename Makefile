# Everything here needs Python 3.11, make, and the package registry; nothing needs root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FIRMWARE := .cache/firmware

.PHONY: help setup demo test lint bench clean

help:
	@echo "make demo   a release travels from the publisher to a virtual board, with real firmware"
	@echo "make test   all tests        make lint   ruff and mypy"
	@echo "make bench  comparison tables   make clean  remove what these made"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# Real MicroPython firmware (micrOS) out of a PyPI wheel, its hash pinned.
$(FIRMWARE)/.ready: tests/firmware.txt tests/firmware.py | $(READY)
	$(BIN)/python tests/firmware.py $(FIRMWARE)
	touch $@

demo: $(READY) $(FIRMWARE)/.ready
	$(BIN)/python demo/run.py --firmware $(FIRMWARE)

test: $(READY) $(FIRMWARE)/.ready
	$(BIN)/pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY) $(FIRMWARE)/.ready
	$(BIN)/python tests/bench/run.py

clean:
	rm -rf $(VENV) .cache build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
