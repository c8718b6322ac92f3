# make demo    the whole workflow on simulated demonstrations, in about 10 minutes on two cores, and how often the policies succeed
# make demo-long   the same with more demonstrations and longer training, in an hour
# make test    the test suite; make test ARGS="--cov --cov-report=term" tells which lines it ran
# make setup   only the environment that runs the workflow, in .venv
# make test-environments   builds the environments from their locks and imports everything that is started in them
# make test-gpu          on a machine with an NVIDIA GPU: trainings, tests and the doctor on it; keeps a transcript in tests/gpu
# make test-seed-stack   the parts that must also run in the older stack that users verified, there
# make test-newest-python   the newest Python that is here besides 3.11: the workflow in small, what depends on Python, and
#                           with the newest JAX what depends on that; in three minutes
# make test-verify       the judges: TensorFlow reads TFRecords just written, and tests ours against its own, distrax our distributions
#
# PYTHON names the Python to build .venv with: make PYTHON=python3.13 setup
PYTHON ?= python3
BIN := .venv/bin
# Snakemake is started from .venv; everything else it builds itself, one environment per role.
SNAKEMAKE := $(BIN)/snakemake
# Data, numerics, policies and two steps of training. What is slow and does not depend on the stack (kills, memory) is left to
# the newer one, and so is training of the algorithms that take this one minutes to compile; to try others:
# make test-seed-stack BRIDGE_ALGORITHMS=iql,gc_iql
SEED_STACK_TESTS := tests/raw tests/formats tests/data tests/conversion tests/language tests/networks tests/agents \
    tests/policy tests/training/test_inputs.py tests/training/test_loop.py tests/training/test_train_policy.py \
    --ignore-glob='*crash*' --ignore-glob='*converted_sizes*' -k 'not test_train_policy or two_steps'
BRIDGE_ALGORITHMS ?= bc,lc_bc,gc_ddpm_bc

.PHONY: demo demo-long test test-environments test-gpu test-seed-stack test-newest-python test-verify setup lint locks clean ANEW

demo: setup
	$(SNAKEMAKE) --config machine=demo -- all
	$(BIN)/python workflow_scripts/summarise_runs.py --machine demo

demo-long: setup
	$(SNAKEMAKE) --config machine=demo-long episodes=100 -- all
	$(BIN)/python workflow_scripts/summarise_runs.py --machine demo-long

setup: .venv/dev.txt

test: .venv/dev.txt
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# The forecast of memory is held against processes in the environments that jobs run in.
test-environments: .venv/dev.txt
	$(SNAKEMAKE) --quiet all --config machine=demo -- environments
	BUILD_ENVIRONMENTS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile tests/envs tests/conversion/test_converted_sizes.py \
	    tests/training/test_memory.py $(ARGS)

test-gpu: .venv/dev.txt
	$(BIN)/python -m tests.gpu $(ARGS)

test-seed-stack: .venvs/seed-stack/.ready
	BRIDGE_ALGORITHMS=$(BRIDGE_ALGORITHMS) .venvs/seed-stack/bin/python -m pytest -q -n 2 --dist loadfile $(SEED_STACK_TESTS) $(ARGS)

test-newest-python: .venv/dev.txt
	.ci/newest-python

# What is converted without TensorFlow, in one environment, is read with it in another.
test-verify: .venv/dev.txt
	.ci/verify
	.venvs/verify/bin/python -m pytest -q tests/formats/test_tfrecord.py tests/conversion/test_second_reading.py $(ARGS)
# By itself: beside TensorFlow, TensorFlow Probability asks for one more package.
	.venvs/verify/bin/python -m pytest -q tests/networks/test_distributions.py $(ARGS)

lint: .venv/dev.txt
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(SNAKEMAKE) --lint

locks: .venv/dev.txt
	BRIDGE_PYTHON=$(CURDIR)/$(BIN)/python envs/lock $(ARGS)

clean:
	rm -rf .venv .venvs .snakemake demo demo-long logs benchmarks

# Its programs name their Python by its path: where the folder was moved, or another Python is asked for, it is made anew.
PLACE := $(realpath .venv)
VERSION := import sys; print(*sys.version_info[:2])
ifneq ($(PLACE),)
ifneq ($(shell grep -qsF '$(PLACE)/bin/' $(BIN)/snakemake && echo here),here)
REMADE := ANEW
else ifeq ($(origin PYTHON),command line)
ifneq ($(shell $(PYTHON) -c '$(VERSION)'),$(shell $(BIN)/python -c '$(VERSION)'))
REMADE := ANEW
endif
endif
endif

# The stamp is a copy of the lock: the environment is remade when its lock changes, and not otherwise. It holds what all
# roles need, so that scripts and tests can be run by hand; jobs run in environments of their own (.venvs). It finds
# bridgelib four folders above its packages, wherever both are moved.
.venv/dev.txt: envs/dev.txt $(REMADE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	    { echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@command -v which >/dev/null || \
	    { echo "The program 'which' is missing, and Snakemake does not start without it: sudo dnf install which"; exit 1; }
	[ -x $(BIN)/python ] && [ -z "$(REMADE)" ] || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m uv --version >/dev/null 2>&1 || \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/workflow.txt
	$(BIN)/python -m uv pip sync --quiet --python $(BIN)/python --require-hashes $<
	for folder in .venv/lib/python3*/site-packages; do echo ../../../.. >$$folder/bridgedata-pipeline.pth; done
	cp $< $@

.venvs/seed-stack/.ready: envs/seed-stack.txt .venv/dev.txt
	$(BIN)/python -m uv venv --quiet --clear --python $(PYTHON) .venvs/seed-stack
	$(BIN)/python -m uv pip sync --quiet --python .venvs/seed-stack/bin/python --require-hashes $<
	cp $< $@
