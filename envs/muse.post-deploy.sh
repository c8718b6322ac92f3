#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/muse.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "fd402c5f761f88ce1d3786f642f7483be8df0af81999a0ff12f604b2b66d61e8  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
