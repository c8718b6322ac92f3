#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/workflow.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "5866887a015dea394a1a424b6fe42f130a1a0ce7e0eb1054334db0f6dbc227f0  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
