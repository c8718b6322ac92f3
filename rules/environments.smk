"""
Build one virtual environment per role from its hashed lock.

INPUTS   envs/<name>.txt, and envs/<name>.wheels where a wheel is on no index; their contents count, not their dates
OUTPUTS  .venvs/<name>/.ready, a copy of the lock: an unchanged lock remakes nothing, however often it is rebuilt
"""


localrules:
    environment,
    environment_with_wheels,


rule environment:
    """Build the environment {wildcards.name}."""
    input:
        lock=ancient(f"{ENVS}/{{name}}.txt"),
        former=built_as_locked,
    output:
        ready=f"{VENVS}/{{name}}/.ready",
    log:
        "logs/environment/{name}.log",
    wildcard_constraints:
        name="(?!seed-cuda12)[a-z0-9-]+",
    conda:
        "../envs/workflow.yaml"
    params:
        prefix=subpath(output.ready, parent=True),
    shell:
        '("$BRIDGE_PYTHON" -m uv venv --clear --python "$BRIDGE_PYTHON" {params.prefix:q}'
        ' && "$BRIDGE_PYTHON" -m uv pip sync --python {params.prefix:q}/bin/python --require-hashes {input.lock:q}'
        " && cp {input.lock:q} {output.ready:q}) > {log:q} 2>&1"


rule environment_with_wheels:
    """Build the environment {wildcards.name}, a wheel of which is on no index; UV_FIND_LINKS says where it lies."""
    input:
        lock=ancient(f"{ENVS}/{{name}}.txt"),
        former=built_as_locked,
        wheels=f"{ENVS}/{{name}}.wheels",
    output:
        ready=f"{VENVS}/{{name}}/.ready",
    log:
        "logs/environment/{name}.log",
    wildcard_constraints:
        name="seed-cuda12",
    conda:
        "../envs/workflow.yaml"
    params:
        prefix=subpath(output.ready, parent=True),
    shell:
        '("$BRIDGE_PYTHON" -m uv venv --clear --python "$BRIDGE_PYTHON" {params.prefix:q}'
        ' && "$BRIDGE_PYTHON" -m uv pip sync --python {params.prefix:q}/bin/python --require-hashes {input.lock:q}'
        ' && {{ "$BRIDGE_PYTHON" -m uv pip install --python {params.prefix:q}/bin/python --no-deps -r {input.wheels:q}'
        " || {{ cat {input.wheels:q}; false; }}; }}"
        " && cp {input.lock:q} {output.ready:q}) > {log:q} 2>&1"
