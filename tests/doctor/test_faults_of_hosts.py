"""Faults of a host: its GPUs, disk, memory and limits."""

import errno

import pytest

from bridgelib.doctor.check import Status
from tests.doctor.laboratory import H200, ChosenSystem, healthy_cpu, healthy_cuda12, healthy_cuda13, healthy_seed_stack
from tests.doctor.planted import Faults, must_be_named_with_its_cure

FAULTS = Faults()


# GPUs.


@FAULTS.on(healthy_cuda12, "driver", "there is no nvidia-smi", "environment=cpu jax_platform=cpu", Status.WARNING)
def no_driver_at_all(laboratory):
    (laboratory.programs / "nvidia-smi").unlink()


@FAULTS.on(healthy_cuda12, "driver", "version mismatch", "reboot")
def a_driver_half_renewed(laboratory):
    laboratory.program("nvidia-smi", "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")


@FAULTS.on(healthy_cuda13, "driver-toolkit", "driver 570.86.10, and cuda13 needs 580", "environment=cuda12")
def a_driver_too_old_for_cuda_13(laboratory):
    laboratory.nvidia_smi(driver="570.86.10", cuda="12.8")


@FAULTS.on(healthy_cuda12, "driver-toolkit", "the 525 series", "driver 535 or newer", Status.WARNING)
def a_driver_too_old_for_newer_jax(laboratory):
    laboratory.nvidia_smi(driver="525.85.12", cuda="12.0")


@FAULTS.on(healthy_cuda12, "driver-toolkit", "driver 470.57.02", "install NVIDIA driver 525")
def a_driver_too_old_for_cuda_12(laboratory):
    laboratory.nvidia_smi(driver="470.57.02", cuda="11.4")


@FAULTS.on(
    healthy_seed_stack, "compute-capability", "12.0; jaxlib 0.4.13+cuda12.cudnn89 is too old", "environment=cuda13"
)
def a_blackwell_gpu_under_an_old_jaxlib(laboratory):
    laboratory.nvidia_smi([{**H200, "name": "NVIDIA GeForce RTX 5090", "capability": "12.0"}])


@FAULTS.on(healthy_cuda13, "compute-capability", "6.1, and cuda13 needs 7.5", "environment=cuda12")
def a_pascal_gpu_under_cuda_13(laboratory):
    laboratory.nvidia_smi([{**H200, "name": "NVIDIA GeForce GTX 1080", "capability": "6.1"}])


@FAULTS.on(healthy_cuda12, "gpu-choice", "allows GPU 2, and there are only: 0,1", "gpus=0,1")
def a_gpu_that_is_not_there(laboratory):
    laboratory.keys["gpus"] = "0,2"
    laboratory.nvidia_smi([H200, H200])


@FAULTS.on(healthy_cuda12, "gpu-choice", "CUDA_VISIBLE_DEVICES allows none", "unset CUDA_VISIBLE_DEVICES")
def hidden_gpus(laboratory):
    laboratory.environ["CUDA_VISIBLE_DEVICES"] = ""


@FAULTS.on(healthy_cuda12, "gpu-choice", "takes 2 GPUs, and the profile's `gpus` allows 1 (0)", "gpus=0,1")
def an_experiment_that_wants_more_gpus(laboratory):
    laboratory.experiments = {"global": {"cuda_visible_devices": "0,1"}, **laboratory.experiments}
    laboratory.nvidia_smi([H200, H200])


@FAULTS.on(healthy_cuda12, "gpu-memory", "held by python (process 4711)", "gpus=1", Status.WARNING)
def a_gpu_that_is_full(laboratory):
    laboratory.system = ChosenSystem(proc=laboratory.folder / "proc")
    laboratory.nvidia_smi([{**H200, "free": 900}, H200], [(0, 4711, "python", 142000)])


@FAULTS.on(healthy_cuda12, "gpu-memory", "30.0 of 140.4 GiB free", "gpu_memory=grow", Status.WARNING)
def the_only_gpu_is_full(laboratory):
    laboratory.keys["gpu_memory"] = 0.75
    laboratory.nvidia_smi([{**H200, "free": 30720}], knows_capability=False)


@FAULTS.on(healthy_cuda12, "gpu-processes", "python, process 4711, 2.0 GiB", "-p 4711", Status.NOTE)
def somebody_elses_process(laboratory):
    laboratory.system = ChosenSystem(proc=laboratory.folder / "proc")  # where no such process is seen
    laboratory.nvidia_smi(processes=[(0, 4711, "python", 2048)])


@FAULTS.on(healthy_cuda12, "gpu-memory", "the next training waits for its lease", "", Status.NOTE)
def a_training_of_our_own(laboratory):
    process = laboratory.folder / "proc" / "4711"
    process.mkdir(parents=True)
    (process / "cmdline").write_bytes(b"python\0/lab/workflow_scripts/train_policy.py\0--experiment=bc_all\0")
    laboratory.system = ChosenSystem(proc=process.parent)
    laboratory.nvidia_smi([{**H200, "free": 900}, H200], [(0, 4711, "python", 142000)])


@FAULTS.on(healthy_cuda12, "driver", "GPU 0 (NVIDIA H200) has failed: 'GPU requires reset'", "--gpu-reset -i 0")
def a_gpu_that_has_failed(laboratory):
    broken = {"total": "[GPU requires reset]", "free": "[GPU requires reset]"}
    laboratory.nvidia_smi([{**H200, **broken}, H200])


@FAULTS.on(healthy_cuda12, "driver", "handle for GPU1: 0000:3B:00.0: Unknown Error", "restart", Status.WARNING)
def a_gpu_that_is_lost(laboratory):
    laboratory.nvidia_smi([H200], before="Unable to determine the device handle for GPU1: 0000:3B:00.0: Unknown Error")


@FAULTS.on(healthy_cuda12, "driver", "infoROM is corrupted, at gpu 0000:65:00.0", "nvidia-smi", Status.WARNING)
def a_driver_that_complains(laboratory):
    laboratory.nvidia_smi([H200], before="WARNING: infoROM is corrupted, at gpu 0000:65:00.0")


@FAULTS.on(healthy_cuda12, "gpu-choice", "CUDA_VISIBLE_DEVICES allows GPU GPU-5e1f", "unset CUDA_VISIBLE_DEVICES")
def a_uuid_of_another_machine(laboratory):
    laboratory.environ["CUDA_VISIBLE_DEVICES"] = "GPU-5e1f"


@FAULTS.on(healthy_cuda12, "gpu-memory", "parts of GPUs (MIG)", "", Status.NOT_CHECKED)
def a_part_of_a_gpu(laboratory):
    laboratory.environ["CUDA_VISIBLE_DEVICES"] = "MIG-1f2e3d4c-5b6a"


@FAULTS.on(healthy_cuda12, "gpu-memory", "does not tell its memory", "", Status.NOT_CHECKED)
def a_gpu_that_shares_the_hosts_memory(laboratory):
    laboratory.nvidia_smi([{**H200, "name": "NVIDIA GB10", "total": "[N/A]", "free": "[N/A]", "capability": "12.1"}])


@FAULTS.on(healthy_cuda12, "compute-capability", "nvidia-cublas-cu12 12.9.3.13 may silently", "environment=cuda13")
def a_cublas_that_corrupts_data_on_this_gpu(laboratory):
    laboratory.nvidia_smi([{**H200, "name": "NVIDIA B200", "capability": "10.0"}])


# Disk, memory and limits.


@FAULTS.on(healthy_cpu, "disk", "train_policy 1.1 GB); 1.0 MB free", "runs=/another/disk")
def a_full_disk(laboratory):
    laboratory.config["env"] = "current"  # environments that are still to be built would take most of it
    laboratory.system = ChosenSystem(free=10**6)


@FAULTS.on(healthy_cpu, "inodes", "free, 3 files may be made", "df -i ")
def no_file_names_left(laboratory):
    laboratory.system = ChosenSystem(free_files=3)


@FAULTS.on(healthy_cpu, "memory", "this machine has 1.1 GB", "set a smaller `train_batch_size`")
def memory_too_small_for_one_training(laboratory):
    laboratory.system = ChosenSystem(there=1 << 30, available=1 << 29)


@FAULTS.on(healthy_cpu, "memory", "; this machine has 34.4 GB", "snakemake --cores 1 --config machine=")
def memory_too_small_for_two_trainings(laboratory):
    laboratory.experiments = {"matrix": {"algos": ["bc", "gc_bc"], "tasks": ["open_drawer"]}}
    laboratory.system = ChosenSystem(there=32 << 30, processors=2)


@FAULTS.on(healthy_cpu, "memory", "free now", "wait until the other programs are done", Status.WARNING)
def memory_that_others_have_taken(laboratory):
    laboratory.system = ChosenSystem(available=1 << 20)


@FAULTS.on(healthy_cuda12, "shm", "0.06 GiB free, and an experiment trains on 2 GPUs", "shm-size", Status.WARNING)
def little_shared_memory(laboratory):
    laboratory.experiments = {"global": {"cuda_visible_devices": "0,1"}, **laboratory.experiments}
    laboratory.system = ChosenSystem(free=64 << 20)


@FAULTS.on(healthy_cpu, "open-files", "256 files, and a training may open 514", "ulimit -n 514", Status.WARNING)
def few_open_files(laboratory):
    laboratory.system = ChosenSystem(limit=256)


@FAULTS.on(healthy_cpu, "writable", "is a file", "tfrecord=/a/folder/of/yours")
def a_root_below_a_file(laboratory):
    (laboratory.folder / "occupied").touch()
    laboratory.keys["tfrecord"] = "occupied/tfrecord"


@FAULTS.on(healthy_cpu, "writable", "mounted read-only", "runs=/a/folder/of/yours")
def a_root_that_cannot_be_written(laboratory):
    laboratory.system = ChosenSystem(read_only=("runs",))
    (laboratory.folder / "runs").mkdir()


@FAULTS.on(healthy_cpu, "writable", "`runs`: ", "have the file system mounted again")
def a_network_disk_that_is_gone(laboratory):
    class Gone(ChosenSystem):
        def is_read_only(self, folder):
            raise OSError(errno.ESTALE, "Stale file handle")

    laboratory.system = Gone()


@FAULTS.on(healthy_cpu, "file-locks", "No locks available", "runs=/a/local/disk")
def a_file_system_without_locks(laboratory):
    laboratory.system = ChosenSystem(has_locks=False)


@FAULTS.on(healthy_cpu, "processor", "no AVX", "another host")
def a_processor_without_avx(laboratory):
    laboratory.system = ChosenSystem(flags=frozenset({"sse2"}))


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_named_with_its_cure(laboratory, name):
    must_be_named_with_its_cure(laboratory, FAULTS[name])


def test_a_driver_that_hangs_is_not_waited_for(laboratory, monkeypatch):
    healthy_cuda12(laboratory)
    laboratory.program("nvidia-smi", "PATH=/usr/bin:/bin; sleep 60; sleep 60")
    monkeypatch.setattr("bridgelib.jobs.nvidia._SECONDS", 0.2)
    (found,) = laboratory.asked("driver")
    assert found.status == Status.ERROR and "did not answer within" in found.found and "restart" in found.cure
