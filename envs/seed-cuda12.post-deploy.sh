#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/seed-cuda12.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "c4121bd5a3e0168eeafbfd55ab96fc4c483ec9bbfc3158784b459d707a6f8c8c  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
wheels=$BRIDGE/envs/seed-cuda12.wheels
"$BRIDGE_PYTHON" -m uv pip install --python "$CONDA_PREFIX/bin/python" --no-deps -r "$wheels" ||
    { cat "$wheels"; false; }
