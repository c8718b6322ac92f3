#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/verify.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "514a4ed3d80c89deed10da164eccc02aa2d362162c74ab710f32c737b518781f  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
