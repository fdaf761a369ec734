# make demo | test | quick | soak | lint | train    Variables: TORCH=torch==2.13.0  PYTHON=python3.12  JOBS=2
PYTHON ?= python3
TORCH ?= torch
VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python
# Test processes; each computes with one thread (see tests/conftest.py).
JOBS ?= 2
PYTEST = $(RUN) -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder
# This checkout as a package: `nodes/` imports relatively, because it is part of one in ComfyUI.
PACK := $(VENV)/packs/wegen_pack

.PHONY: demo test quick soak lint train
.DELETE_ON_ERROR:

demo: $(READY)
	$(RUN) -m wegen_core demo --out demo --seed 1

test: lint
	$(PYTEST)

quick: $(READY)
	$(PYTEST) -m "not slow and not comfyui"

# Kills runs 200 times and looks for what they lost; `make test` does it 20 times, and twice to a server.
soak: $(READY)
	WEGEN_KILLS=200 $(PYTEST) tests/cli/test_parallel.py tests/diic/test_pipeline.py tests/nodes/test_killed_conversations.py tests/comfyui/test_conversations.py

lint: $(READY) $(PACK)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy -m wegen_pack -p wegen_pack.nodes -p wegen_pack.wegen_core

train: $(READY)
	$(RUN) -m wegen_core train mini

# torch first and by itself, so that nothing else gets to choose it.
$(READY): pyproject.toml
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet "$(TORCH)"
	$(RUN) -m pip install --quiet --editable '.[dev]'
	touch $@

$(PACK):
	mkdir -p $(@D)
	ln -s ../.. $@
