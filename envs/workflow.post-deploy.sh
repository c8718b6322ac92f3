#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/workflow.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "c2acab974937025b76ef08ccd95de708b21d0fa9f46ef62aa3a22632f244f718  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
