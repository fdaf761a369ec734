# make demo | test | lint | train      Variables: TORCH=torch==2.13.0  PYTHON=python3.12
PYTHON ?= python3
TORCH ?= torch
VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python

.PHONY: demo test lint train
.DELETE_ON_ERROR:

demo: $(READY)
	$(RUN) -m wegen_core demo --out demo --seed 1

test: lint
	$(RUN) -m pytest

lint: $(READY)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

train: $(READY)
	$(RUN) -m wegen_core train mini

# torch first and by itself, so that nothing else gets to choose it.
$(READY): pyproject.toml
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet "$(TORCH)"
	$(RUN) -m pip install --quiet --editable '.[dev]'
	touch $@
