"""Conda environments for `snakemake --sdm conda` that hold exactly what a lock says, hashes and all.

Conda makes an empty environment, which needs no channel; the script that Snakemake runs in it then does what the rule
`environment` does. conda's own `pip:` section would check no hash, and would resolve again what the lock has resolved.
"""

import hashlib

CONDA_FILE = """\
# Made by `make locks`. Do not edit. Empty on purpose: {name}.post-deploy.sh fills it from the lock {name}.txt.
dependencies: []
"""

_SCRIPT = """\
#!/usr/bin/env bash
# Made by `make locks`. Do not edit. Snakemake runs this in a new conda environment: `snakemake --sdm conda`.
set -euo pipefail
lock=$BRIDGE/envs/{name}.txt
# It stands here so that another lock is another environment, and so that a lock changed by hand is noticed.
echo "{digest}  $lock" | sha256sum --check --quiet
"$BRIDGE_PYTHON" -m uv venv --allow-existing --python "$BRIDGE_PYTHON" "$CONDA_PREFIX"
"$BRIDGE_PYTHON" -m uv pip sync --python "$CONDA_PREFIX/bin/python" --require-hashes "$lock"
"""

_WHEELS = """\
wheels=$BRIDGE/envs/{name}.wheels
"$BRIDGE_PYTHON" -m uv pip install --python "$CONDA_PREFIX/bin/python" --no-deps -r "$wheels" ||
    {{ cat "$wheels"; false; }}
"""


def conda_file(name: str) -> str:
    """The conda file of an environment: it names no package, since the post-deploy script installs all."""
    return CONDA_FILE.format(name=name)


def post_deploy_script(name: str, lock: bytes, with_wheels: bool = False) -> str:
    """What Snakemake runs in the new environment, with BRIDGE and BRIDGE_PYTHON as jobs have them.

    Args:
        name: The name of the lock.
        lock: The content of the lock.
        with_wheels: Whether `<name>.wheels` lies beside the lock, for wheels that are on no index.
    """
    script = _SCRIPT + (_WHEELS if with_wheels else "")
    return script.format(name=name, digest=hashlib.sha256(lock).hexdigest())
