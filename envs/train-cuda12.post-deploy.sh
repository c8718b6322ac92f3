#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/train-cuda12.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "e0709067a4d258c45246cbf11ec4dcbdd0fffc8b131e7b54c2f4ceccb3f1e570  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
