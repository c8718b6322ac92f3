"""Where the loader finds a library, by the rules of ld.so, and what a job loads in which order."""

from pathlib import Path

from bridgelib.doctor.loading import load_order
from tests.doctor.laboratory import healthy_cuda12, healthy_seed_stack
from tests.doctor.shared_objects import write_library


def test_rpath_beats_the_variable_beats_runpath_beats_the_cache(laboratory):
    healthy_seed_stack(laboratory)
    places = {name: laboratory.folder / name for name in ("rpath", "variable", "runpath", "cache")}
    for folder in places.values():
        write_library(folder / "libnccl.so.2", soname="libnccl.so.2")
    laboratory.environ["LD_LIBRARY_PATH"] = f"/nowhere:{places['variable']}"
    laboratory.keys["cuda_libs"] = "system"
    laboratory.program("ldconfig", f"echo '\tlibnccl.so.2 (libc6,x86-64) => {places['cache']}/libnccl.so.2'")
    jaxlib = "jaxlib/xla_extension.so"

    def origin(**options):
        laboratory.library(jaxlib, **options)
        return laboratory.subject.loading.origin("libnccl.so.2")

    found = origin(rpath=str(places["rpath"]))
    assert (found.path.parent, found.kind) == (places["rpath"], "run path") and "wins over all" in found.cause
    found = origin(rpath=str(places["rpath"]), runpath=str(places["runpath"]))  # RUNPATH makes RPATH void
    assert (found.path.parent, found.kind) == (places["variable"], "variable")
    assert found.cause == f"LD_LIBRARY_PATH, entry 2 ({places['variable']})"
    laboratory.environ["LD_LIBRARY_PATH"] = "/nowhere"
    found = origin(runpath=str(places["runpath"]))
    assert (found.path.parent, found.kind) == (places["runpath"], "run path") and "RUNPATH" in found.cause
    found = origin()
    assert (found.path.parent, found.kind) == (places["cache"], "cache")
    laboratory.program("ldconfig", "exit 0")
    assert origin().kind == "nowhere" and origin().path is None


def test_libraries_are_loaded_as_jax_does(laboratory):
    healthy_cuda12(laboratory)
    order = load_order(laboratory.subject.loading)
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
    cusparse, linker = told["libcusparse.so.12"], told["libnvJitLink.so.12"]
    assert "; needs libnvJitLink.so.12; RUNPATH " in cusparse and "nvjitlink/lib" in cusparse
    assert f"{home}/nvjitlink/lib/libnvJitLink.so.12; by LD_LIBRARY_PATH, entry " in linker


def test_what_the_doctor_loads_is_what_the_kernel_maps(laboratory):
    healthy_cuda12(laboratory)
    mapped = {Path(path) for path in laboratory.subject.probe["mapped"]}
    assert {path.resolve() for path in laboratory.subject.loading.packaged.values()} <= mapped
