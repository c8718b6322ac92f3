#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/seed-cuda12.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "56fa1a0c3fa0c12c59f1bdb3b8e927a39eb349f5fa65a57b2d4a684fe2befcfa  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
wheels=$BRIDGE/envs/seed-cuda12.wheels
"$BRIDGE_PYTHON" -m uv pip install --python "$CONDA_PREFIX/bin/python" --no-deps -r "$wheels" ||
    { cat "$wheels"; false; }
