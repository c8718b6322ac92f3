import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from bridgelib.errors import ConfigError
from bridgelib.training.devices import Devices, any_process, is_writer, join_processes, require_divisible

PROGRAM = """
import json, sys
from pathlib import Path
from bridgelib.training.devices import join_processes
join_processes()
import jax
from tests.training.toy import toy_loop
loop = toy_loop(Path(sys.argv[1]), 4)
loop.run()
params = jax.device_get(loop.learner.agent.state.params)
gpus = jax.config.values["jax_cuda_visible_devices"]
print(json.dumps({"devices": len(jax.devices()), "gpus": gpus, "kernel": params["kernel"].tolist()}))
"""


def started(folder, repository, **environ) -> subprocess.Popen:
    environ = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(repository), **environ}
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    return subprocess.Popen(command, cwd=repository, env=environ, stdout=subprocess.PIPE, text=True)


def finished(process) -> dict:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


@pytest.fixture(scope="module")
def on_one_device(tmp_path_factory, repository):
    folder = tmp_path_factory.mktemp("one")
    return finished(started(folder, repository)), metrics(folder)


def metrics(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def assert_same_numbers(found, expected):
    assert len(found) == len(expected)
    for line, reference in zip(found, expected, strict=True):
        assert line.keys() == reference.keys()
        for key in line.keys() - {"time", "kind"}:
            assert line[key] == pytest.approx(reference[key], rel=1e-5)


def test_four_devices_give_the_numbers_of_one(tmp_path, repository, on_one_device):
    four = finished(started(tmp_path, repository, XLA_FLAGS="--xla_force_host_platform_device_count=4"))
    one, reference = on_one_device
    assert (one["devices"], four["devices"]) == (1, 4)
    np.testing.assert_allclose(four["kernel"], one["kernel"], rtol=1e-5, atol=1e-6)
    assert_same_numbers(metrics(tmp_path), reference)


def test_two_processes_from_slurm_variables_give_the_numbers_of_one(tmp_path, repository, on_one_device):
    jax = pytest.importorskip("jax")
    if "jax_cpu_collectives_implementation" not in jax.config.values:
        pytest.skip("this JAX has no collectives between processes on the CPU")
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    step = {
        "SLURM_JOB_ID": str(port),  # JAX derives the coordinator's port from it
        "SLURM_STEP_NODELIST": "localhost",
        "SLURM_STEP_NUM_NODES": "1",
        "SLURM_NTASKS": "2",
        "JAX_CPU_COLLECTIVES_IMPLEMENTATION": "gloo",
        "CUDA_VISIBLE_DEVICES": "4,5,6,7",  # as leased; there are none, but which of them JAX would take can be seen
    }
    processes = [
        started(tmp_path, repository, **step, SLURM_PROCID=str(rank), SLURM_LOCALID=str(rank)) for rank in range(2)
    ]
    first, second = (finished(process) for process in processes)
    assert first["devices"] == 2 and first["kernel"] == second["kernel"]
    assert first["gpus"] == second["gpus"] == "0,1,2,3"
    np.testing.assert_allclose(first["kernel"], on_one_device[0]["kernel"], rtol=1e-5, atol=1e-6)
    assert_same_numbers(metrics(tmp_path), on_one_device[1])


def test_a_single_process_joins_nobody_and_writes():
    join_processes({})
    join_processes({"SLURM_NTASKS": "4"})  # a batch script, outside `srun`
    assert is_writer() and any_process(True) and not any_process(False)


def test_batch_that_the_devices_do_not_divide_is_refused_with_the_nearest_sizes():
    require_divisible(8, 4, "batch_size")
    with pytest.raises(ConfigError, match="multiple of 4; the nearest are 8 and 12"):
        require_divisible(10, 4, "batch_size")
    with pytest.raises(ConfigError, match="the nearest are 4\n"):
        require_divisible(3, 4, "batch_size")


def test_a_platform_that_is_not_there_is_named(repository):
    """On this JAX, which is for the CPU; by itself it fails without a word, or with one of its own."""
    program = "from bridgelib.training.devices import Devices; Devices()"
    environ = {**os.environ, "JAX_PLATFORMS": "cuda"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=repository, env=environ, capture_output=True, text=True)
    assert done.returncode == 1 and "JAX_PLATFORMS=cuda" in done.stderr, done.stderr


def test_describes_what_it_runs_on():
    assert Devices().describe().startswith("cpu: 1 x ")


@pytest.mark.parametrize(
    "first",
    [
        "from bridgelib.training.devices import this_process as ask",  # a self-test reads its data before all else
        "from tests.policy.fakes import spec; ask = spec().agent",  # an import of the predecessor's checkpoint
    ],
)
def test_whoever_asks_for_a_device_first_is_told_in_words_that_there_is_none(repository, first):
    program = f"from bridgelib.errors import run_program\n{first}\nrun_program(ask)"
    environ = {**os.environ, "JAX_PLATFORMS": "nonsense"}
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, env=environ, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "JAX has no device of JAX_PLATFORMS=nonsense" in done.stderr
