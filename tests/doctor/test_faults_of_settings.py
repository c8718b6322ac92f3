"""Faults of data and settings."""

import gzip
import shutil
import socket

import pytest

from bridgelib.doctor.check import Status
from bridgelib.formats.framing import FOOTER, HEADER, masked_crc32c
from tests.doctor.laboratory import H200, healthy_cpu, healthy_cuda12
from tests.doctor.planted import Faults, must_be_named_with_its_cure

FAULTS = Faults()


# Data.


@FAULTS.on(healthy_cpu, "raw-layout", "no such folder", "raw=/where")
def no_raw_folder(laboratory):
    shutil.rmtree(laboratory.raw)


@FAULTS.on(healthy_cpu, "raw-layout", "an archive that was not unpacked", "unzip raw/demos_8_17.zip -d raw")
def a_download_that_was_not_unpacked(laboratory):
    shutil.rmtree(laboratory.raw)
    laboratory.raw.mkdir()
    (laboratory.raw / "demos_8_17.zip").touch()


@FAULTS.on(healthy_cpu, "raw-layout", "an RLDS (TFDS) copy", "raw=/where")
def another_download(laboratory):
    shutil.rmtree(laboratory.raw)
    (laboratory.raw / "bridge" / "1.0.0").mkdir(parents=True)
    (laboratory.raw / "bridge" / "1.0.0" / "features.json").touch()


@FAULTS.on(healthy_cpu, "raw-depth", "depth 3, and the dated folders lie at depth 2", "depth=2")
def a_wrong_depth(laboratory):
    laboratory.keys["depth"] = 3


@FAULTS.on(healthy_cpu, "raw-content", "no actions: policy_out.pkl is missing", "policy_out.pkl")
def trajectories_without_actions(laboratory):
    for path in laboratory.raw.rglob("policy_out.pkl"):
        path.unlink()


@FAULTS.on(healthy_cpu, "language", "0% of 2 trajectories", "without lc_bc")
def instructions_that_are_missing(laboratory):
    laboratory.experiments = {"matrix": {"algos": ["bc", "lc_bc"], "tasks": ["open_drawer"]}}
    for path in laboratory.raw.rglob("lang.txt"):
        path.unlink()


@FAULTS.on(healthy_cpu, "tfrecords", "ends in the middle of a record", "rm tfrecord/open_drawer/train/out.tfrecord")
def a_record_cut_off(laboratory):
    task = laboratory.folder / "tfrecord" / "open_drawer"
    (task / "train").mkdir(parents=True)
    (task / "report.json").write_text("{}")
    # A record of 3 bytes: its length, the checksum of that, and only two of the three.
    length = (3).to_bytes(8, "little")
    (task / "train" / "out.tfrecord").write_bytes(HEADER.pack(3, masked_crc32c(length)) + b"ab")


@FAULTS.on(healthy_cpu, "tfrecords", "is compressed with gzip", "gunzip < tfrecord/open_drawer/train/out.tfrecord")
def a_record_that_is_compressed(laboratory):
    task = laboratory.folder / "tfrecord" / "open_drawer"
    (task / "train").mkdir(parents=True)
    (task / "report.json").write_text("{}")
    (task / "train" / "out.tfrecord").write_bytes(gzip.compress(b"records"))


@FAULTS.on(healthy_cpu, "tfrecords", "made elsewhere and would be replaced", "tfrecord=/a/new/folder", Status.NOTE)
def tfrecords_of_the_predecessor(laboratory):
    folder = laboratory.folder / "tfrecord" / "open_drawer" / "val"
    folder.mkdir(parents=True)
    header = HEADER.pack(3, masked_crc32c((3).to_bytes(8, "little")))
    (folder / "out.tfrecord").write_bytes(header + b"abc" + FOOTER.pack(0))


# Settings.


@FAULTS.on(healthy_cpu, "settings", "the unknown key 'im_sise'", "did you mean 'im_size'?")
def a_misspelt_key(laboratory):
    laboratory.config["im_sise"] = 64


@FAULTS.on(healthy_cpu, "settings", "open_draw", "did you mean 'open_drawer'?")
def a_misspelt_task(laboratory):
    laboratory.experiments = {"matrix": {"algos": ["bc"], "tasks": ["open_draw"]}}


@FAULTS.on(healthy_cpu, "settings", "section 'simulation', key 'tasks': place", "choose one of the allowed tasks")
def a_simulation_of_a_task_that_nobody_wrote(laboratory):
    laboratory.keys["simulation"] = {"tasks": ["place"]}


@FAULTS.on(healthy_cuda12, "batch", "train_batch_size 33 on 2 devices", "take 32 or 34")
def a_batch_that_the_gpus_do_not_divide(laboratory):
    keys = {"cuda_visible_devices": "0,1", "train_batch_size": 33}
    laboratory.experiments = {"global": keys, **laboratory.experiments}


@FAULTS.on(healthy_cpu, "settings", "warmup_steps: 2000, of num_steps 40", "warm up over fewer steps")
def a_warmup_that_never_ends(laboratory):
    """Whatever the workflow would refuse."""
    laboratory.experiments = {"global": {"num_steps": 40}, **laboratory.experiments}


@FAULTS.on(healthy_cpu, "wandb", "nobody is logged in", "bin/wandb login", Status.WARNING)
def online_without_a_login(laboratory):
    laboratory.environ["WANDB_MODE"] = "online"


@FAULTS.on(healthy_cpu, "wandb", "localhost cannot be reached", "wandb=offline", Status.WARNING)
def a_server_that_cannot_be_reached(laboratory):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    laboratory.environ |= {"WANDB_MODE": "online", "WANDB_API_KEY": "0" * 40, "WANDB_BASE_URL": url}


@FAULTS.on(healthy_cpu, "wandb", "WANDB_MODE is 'off'", "unset WANDB_MODE")
def an_unknown_mode(laboratory):
    laboratory.environ["WANDB_MODE"] = "off"


@FAULTS.on(healthy_cpu, "locked", "no Snakemake runs here", "snakemake --unlock --config machine=", Status.WARNING)
def a_lock_left_behind(laboratory):
    locks = laboratory.folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()


@FAULTS.on(healthy_cuda12, "launcher-variables", "JAX_PLATFORMS=cpu keeps JAX from the GPU", "unset JAX_PLATFORMS")
def jax_kept_from_the_gpu(laboratory):
    laboratory.environ["JAX_PLATFORMS"] = "cpu"


@FAULTS.on(healthy_cuda12, "launcher-variables", "LD_PRELOAD=", "unset LD_PRELOAD", Status.WARNING)
def a_preloaded_library(laboratory):
    laboratory.environ["LD_PRELOAD"] = "/opt/lib/libx.so"


@FAULTS.on(
    healthy_cuda12, "launcher-variables", "are both set, and JAX refuses", "unset XLA_PYTHON_CLIENT_MEM_FRACTION"
)
def a_share_of_memory_under_both_its_names(laboratory):
    laboratory.environ |= {"XLA_CLIENT_MEM_FRACTION": ".5", "XLA_PYTHON_CLIENT_MEM_FRACTION": ".5"}


@FAULTS.on(healthy_cuda12, "launcher-variables", "=FASTEST_FIRST numbers", "unset CUDA_DEVICE_ORDER", Status.WARNING)
def gpus_numbered_otherwise_than_the_profile_does(laboratory):
    laboratory.environ["CUDA_DEVICE_ORDER"] = "FASTEST_FIRST"
    laboratory.nvidia_smi([{**H200, "name": "NVIDIA T400 4GB", "capability": "7.5"}, H200])


@FAULTS.on(healthy_cuda12, "launcher-variables", "takes ptxas and libdevice", "unset CUDA_ROOT", Status.WARNING)
def compilers_of_the_system(laboratory):
    laboratory.environ["CUDA_ROOT"] = "/opt/cuda-12.2"
    laboratory.keys["cuda_libs"] = "clean"
    laboratory.experiments = {"global": {"use_pip_cuda_libs": True}, **laboratory.experiments}


@FAULTS.on(healthy_cpu, "jax", "`environment: cpu`, and jobs are to take GPUs (0)", "environment=cuda12")
def gpus_without_an_environment_for_them(laboratory):
    laboratory.keys |= {"jax_platform": "auto", "gpus": "0"}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_with_its_cure(laboratory, name):
    must_be_named_with_its_cure(laboratory, FAULTS[name])
