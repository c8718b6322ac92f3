"""Where the loader finds a library, in its own words, and what a job loads in which order."""

import shutil
from pathlib import Path

from bridgelib.doctor.check import Status
from bridgelib.doctor.loading import names_in, searches
from tests.doctor.laboratory import healthy_cuda12, healthy_seed_stack
from tests.doctor.shared_objects import write_library


def test_rpath_beats_the_variable_beats_runpath(laboratory):
    healthy_seed_stack(laboratory)
    places = {name: laboratory.folder / name for name in ("rpath", "variable", "runpath")}
    for folder in places.values():
        write_library(folder / "libcudnn.so.8", soname="libcudnn.so.8")
    laboratory.environ["LD_LIBRARY_PATH"] = f"/nowhere:{places['variable']}"
    laboratory.keys["cuda_libs"] = "system"

    def found(**options):
        laboratory.library("jaxlib/xla_extension.so", **options)
        return laboratory.subject.loading.for_jax.get("libcudnn.so.8")

    library = found(rpath=str(places["rpath"]))
    assert (library.path.parent, library.by_run_path) == (places["rpath"], True) and "wins over all" in library.cause
    library = found(rpath=str(places["rpath"]), runpath=str(places["runpath"]))  # RUNPATH makes RPATH void
    assert (library.path.parent, library.by_run_path) == (places["variable"], False)
    assert library.cause == f"LD_LIBRARY_PATH, entry 2 ({places['variable']})"
    laboratory.environ["LD_LIBRARY_PATH"] = "/nowhere"
    library = found(runpath=str(places["runpath"]))
    assert (library.path.parent, library.by_run_path) == (places["runpath"], True) and "RUNPATH" in library.cause
    assert found() is None


def test_the_loaders_account_is_understood(tmp_path):
    for name in ("libz.so.1", "libm.so.6", "libq.so.2"):
        (tmp_path / name).touch()
    account = f"""\
     41:\tfile=libz.so.1 [0];  needed by /opt/cuda/lib64/libcusparse.so.12 [0]
     41:\tfind library=libz.so.1 [0]; searching
     41:\t search path=/none/glibc-hwcaps/x86-64-v3:/none\t\t(RUNPATH from file /opt/cuda/lib64/libcusparse.so.12)
     41:\t  trying file=/none/glibc-hwcaps/x86-64-v3/libz.so.1
     41:\t  trying file=/none/libz.so.1
     41:\t search cache=/etc/ld.so.cache
     41:\t  trying file={tmp_path}/libz.so.1
     41:\t
     41:\tfile=libz.so.1 [0];  generating link map
     41:\tfile=libm.so.6 [0];  dynamically loaded by /usr/lib/_ctypes.so [0]
     41:\tfind library=libm.so.6 [0]; searching
     41:\t search cache=/etc/ld.so.cache
     41:\t search path={tmp_path}\t\t(system search path)
     41:\t  trying file={tmp_path}/libm.so.6
     41:\tfind library=libq.so.2 [0]; searching
     41:\t  trying file=/none/libq.so.2
"""
    found = searches(account, {})
    assert found.keys() == {"libz.so.1", "libm.so.6"}
    assert (found["libz.so.1"].cause, found["libz.so.1"].asked_by) == (
        "the system's cache (ldconfig)",
        "libcusparse.so.12",
    )
    assert found["libm.so.6"].cause == f"the system's folder {tmp_path}" and found["libm.so.6"].asked_by == ""


def test_libraries_are_loaded_as_jax_does(laboratory):
    healthy_cuda12(laboratory)
    order = laboratory.subject.loading.order
    names = [Path(entry).name for entry in order]
    assert names[:4] == ["libcudart.so.12", "libnvrtc.so.12", "libcusparse.so.12", "libcusolver.so.11"]
    assert names.index("libcusparse.so.12") < names.index("libnvJitLink.so.12") and names[-1] == "libcuda.so.1"
    assert all(entry.startswith("/") for entry in order[:-1])  # by path, or through the plugin's RPATH


def test_the_file_of_each_library_is_told_with_what_led_there(laboratory):
    healthy_cuda12(laboratory)
    (found,) = laboratory.asked("cuda-origin")
    told = {line.partition(":")[0]: line for line in found.details}
    home = laboratory.packages / "nvidia"
    assert told["libcudnn.so.9"] == f"libcudnn.so.9: {home}/cudnn/lib/libcudnn.so.9; by JAX's plugin, by path"
    assert "nccl/lib/libnccl.so.2; by the RPATH of xla_cuda_plugin.so, which wins over all" in told["libnccl.so.2"]
    linker = told["libnvJitLink.so.12"]
    assert f"{home}/nvjitlink/lib/libnvJitLink.so.12; by LD_LIBRARY_PATH, entry " in linker
    assert linker.endswith(", for libcusparse.so.12")


def without_packages(laboratory):
    """CUDA of the system, found by LD_LIBRARY_PATH."""
    healthy_seed_stack(laboratory)
    shutil.rmtree(laboratory.packages / "nvidia")
    for soname in ("libcudart.so.12", "libcublas.so.12"):
        write_library(laboratory.folder / "cuda" / soname, soname=soname)
    laboratory.keys["cuda_libs"] = "system"
    laboratory.environ["LD_LIBRARY_PATH"] = str(laboratory.folder / "cuda")


def test_an_account_that_would_go_to_a_file_is_read_all_the_same(laboratory):
    without_packages(laboratory)
    laboratory.environ["LD_DEBUG_OUTPUT"] = str(laboratory.folder / "account")
    found = laboratory.asked("cuda-origin")
    assert [each.status for each in found] == [Status.NOTE] * 2
    assert all("will load from" in each.found and "by LD_LIBRARY_PATH, entry 1" in each.found for each in found)


def test_of_a_loader_without_an_account_nothing_is_claimed(laboratory, monkeypatch):
    without_packages(laboratory)
    monkeypatch.setattr("bridgelib.doctor.loading.mapped_libraries", lambda: ["/lib/libc.musl-x86_64.so.1"])
    (found,) = laboratory.asked("cuda-origin")
    assert found.status == Status.NOT_CHECKED and "the loader does not tell" in found.found


def test_what_the_doctor_loads_is_what_the_kernel_maps(laboratory):
    healthy_cuda12(laboratory)
    mapped = set(laboratory.subject.loading.probe.mapped)
    assert {path.resolve() for path in laboratory.subject.loading.packaged.values()} <= mapped


def test_names_stand_in_a_library_as_they_are(tmp_path):
    library = write_library(tmp_path / "libx.so", soname="libx.so", content=b"\0__nvJitLinkCreate_12_9\0__nvJot\0")
    assert names_in(library, b"__nvJit") == {"__nvJitLinkCreate_12_9"}
    (tmp_path / "empty").touch()
    assert names_in(tmp_path / "empty", b"x") == names_in(tmp_path / "absent", b"x") == set()
