#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/convert.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "2329390654846f17d38f2280020e8c14d81ba1a8b549d28e2d93162242e0462f  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
