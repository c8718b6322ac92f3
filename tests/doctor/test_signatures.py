"""Error texts, as the libraries and the kernel write them, and what the doctor makes of them."""

import pytest

from bridgelib.doctor.signatures import EXIT_CODES, SIGNATURES, recognised
from bridgelib.doctor.troubles import TROUBLES

# Line in the log -> the trouble, and a part of its cure. First the list in the users' own guide.
TEXTS = [
    ("AttributeError: module 'ml_dtypes' has no attribute 'float8_e3m4'", "ml-dtypes", "ml-dtypes>=0.5.0"),
    ("ImportError: /x/site-packages/tensorstore/_tensorstore.so: initialization failed", "ml-dtypes", "ml-dtypes>=0.5"),
    ("ValueError: Arg specs do not match: original=FullArgSpec(args=['input', 'dtype',", "tfp", "tensorflow-probab"),
    ("XlaRuntimeError: FAILED_PRECONDITION: DNN library initialization failed.", "gpu-memory", "gpus="),
    ("nvlink fatal   : Input file 'a.cubin' newer than toolkit (129 vs 124)", "nvlink", "parallelism=1"),
    (
        "TypeError: Cannot concatenate arrays with different numbers of dimensions: got (B, F), (B, 1, 7).",
        "proprio",
        "git pull",
    ),
    ("ValueError: dimension 0 should be divisible by 4, but it is equal to 19", "batch", "train_batch_size"),
    (
        "wandb.errors.UsageError: api_key not configured (no-tty). call wandb.login(key=[your_api_key])",
        "wandb",
        "wandb login",
    ),
    # GPUs and CUDA.
    (
        "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 17179869184 bytes.",
        "gpu-out-of-memory",
        "train_batch",
    ),
    ("CUDA_ERROR_OUT_OF_MEMORY: out of memory", "gpu-out-of-memory", "nvidia-smi"),
    ("Loaded runtime CuDNN library: 8.5.0 but source was compiled with: 8.9.4.", "cudnn", "uv pip install"),
    (
        "libcusparse.so.12: undefined symbol: __nvJitLinkComplete_12_4, version libnvJitLink.so.12",
        "nvjitlink",
        "nvjitlink",
    ),
    ("Outdated cuDNN installation found.", "cudnn", "uv pip install"),
    ("RuntimeError: Outdated cuBLAS installation found.", "cuda-packages", "rm -rf"),
    ("libcublas.so.12: cannot open shared object file: No such file or directory", "cuda-origin", "cuda_libs=pip"),
    ("ptxas /tmp/a.ptx, line 9; fatal : Unsupported .version 8.4; current version is '8.2'", "ptxas", "driver"),
    (
        "ptxas fatal : Program with .target 'sm_90a' cannot be compiled to future architecture",
        "compute-capability",
        "env",
    ),
    (
        "CUDA_ERROR_NO_BINARY_FOR_GPU: no kernel image is available for execution on the device",
        "compute-capability",
        "env",
    ),
    (
        "failed call to cuInit: CUDA_ERROR_STUB_LIBRARY: CUDA driver is a stub library",
        "libcuda",
        "unset LD_LIBRARY_PATH",
    ),
    ("Failed to initialize NVML: Driver/library version mismatch", "driver", "nvidia-smi"),
    ("CUDA driver version is insufficient for CUDA runtime version", "driver-toolkit", "environment="),
    (
        "JAX plugin p version 0.10.1 is installed, but it is not compatible with the installed jaxlib version 0.10.2",
        "jax",
        "jax[",
    ),
    (
        "RuntimeError: Unable to initialize backend 'cuda': module 'jaxlib' has no attribute 'GpuAllocator'",
        "jax",
        "jax[",
    ),
    ("        assert _default_backend is not None", "jax", "jax["),
    ("RuntimeError: JAX has no device of JAX_PLATFORMS=cuda; what it said above may tell why", "jax", "jax["),
    # From the issues of JAX, in its words.
    ("Unable to initialize backend 'cuda': FAILED_PRECONDITION: No visible GPU devices.", "driver", "nvidia-smi"),
    (
        "RuntimeError: jaxlib/cuda/versions_helpers.cc:135: operation cuInit(0) failed: Unknown CUDA error 303;",
        "driver",
        "nvidia-smi",
    ),
    (
        "failed call to cuInit: INTERNAL: CUDA error: CUDA_ERROR_SYSTEM_NOT_READY: system not yet initialized",
        "fabric-manager",
        "systemctl enable --now nvidia-fabricmanager",
    ),
    ("cuda_dnn.cc:502] There was an error: cudaErrorSymbolNotFound", "driver-toolkit", "environment="),
    (
        "E external/xla/cuda_dnn.cc:429] Could not create cudnn handle: CUDNN_STATUS_INTERNAL_ERROR",
        "gpu-memory",
        "gpus=",
    ),
    ("RuntimeError: UNKNOWN: Failed to determine best cudnn convolution algorithm for:", "gpu-memory", "gpus="),
    ("RuntimeError: Unimplemented: DNN library is not found.", "gpu-memory", "gpus="),
    ("RuntimeError: Unable to load cuSPARSE. Is it installed?", "cuda-origin", "cuda_libs=pip"),
    ("Unable to load any of {libcudnn_cnn.so.9.1.0, libcudnn_cnn.so.9}", "cuda-origin", "cuda_libs=pip"),
    (
        "RuntimeError: Found cuDNN version 8900, but JAX was built against version 90100, which is newer.",
        "cudnn",
        "uv pip install",
    ),
    ("Found cuSPARSE version 12103, but JAX was built against version 12200", "cuda-packages", "rm -rf"),
    ("RuntimeError: Internal: libdevice not found at ./libdevice.10.bc", "cuda-packages", "rm -rf"),
    ("INTERNAL: ptxas 11.5 has a bug that we think can affect XLA.", "nvcc", "nvidia-cuda-nvcc-cu12>=12.6.85"),
    (
        "ValueError: XLA_CLIENT_MEM_FRACTION is specified together with XLA_PYTHON_CLIENT_MEM_FRACTION.",
        "launcher-variables",
        "unset XLA_PYTHON_CLIENT_MEM_FRACTION",
    ),
    ("CUDA_ERROR_DEVICE_UNAVAILABLE: CUDA-capable device(s) is/are busy or unavailable", "gpu-processes", "ps -o"),
    ("CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered.", "gpu-kernel", "snakemake doctor"),
    ("XlaRuntimeError: UNKNOWN: CUDNN_STATUS_EXECUTION_FAILED", "gpu-kernel", "snakemake doctor"),
    ("CUDA_ERROR_ECC_UNCORRECTABLE: uncorrectable ECC error encountered", "gpu-failed", "--gpu-reset"),
    (
        "NCCL operation ncclCommInitRank(&comm, nranks, id, rank) failed: unhandled system error",
        "communication",
        "NCCL_DEBUG=INFO",
    ),
    ("'Error while creating shared memory segment /dev/shm/nccl-4Xw': Bus error", "shm", "/dev/shm"),
    (
        "jax.errors.JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory allocating 137438953472 bytes.",
        "memory",
        "--cores",
    ),
    ("F0000 parse_flags_from_env.cc:234] Unknown flag in XLA_FLAGS: --xla_gpu_nonsense=1", "xla-flags", "xla_flags"),
    ('Could not open file "xla_dump_to=/x" to read flags for environment variable "XLA_FLAGS".', "xla-flags", "unset"),
    ("AttributeError: module 'scipy.linalg' has no attribute 'tril'", "scipy", "scipy>=1.10,<1.12"),
    ("A module that was compiled using NumPy 1.x cannot be run in NumPy 2.0.1", "numpy", "numpy<2"),
    # The host.
    ("OSError: [Errno 28] No space left on device: '/data/numpy/a.npz'", "disk", "free space"),
    ("OSError: [Errno 122] Disk quota exceeded", "disk", "free space"),
    ("OSError: [Errno 24] Too many open files: 'out.tfrecord'", "open-files", "ulimit -n"),
    ("PermissionError: [Errno 13] Permission denied: '/data/runs'", "writable", "chown"),
    ("RuntimeError: can't start new thread", "threads", "ulimit -u"),
    (
        "ImportError: /opt/conda/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required by libjax_common.so)",
        "system-libraries",
        "unset LD_LIBRARY_PATH",
    ),
    ("/usr/bin/bash: line 1: 12345 Killed                  envs/run .venvs/train", "killed", "free -g"),
    ("OSError: [Errno 37] No locks available", "file-locks", "nolock"),
    ("numpy.core._exceptions.MemoryError: Unable to allocate 14.7 GiB for an array", "memory", "--cores"),
    ("/usr/bin/bash: line 1: 4711 Illegal instruction (core dumped) python train.py", "processor", "another host"),
    ("/usr/bin/bash: line 1: 4711 Segmentation fault (core dumped) python train.py", "crashed", "snakemake doctor"),
    (
        "slurmstepd: error: Detected 1 oom_kill event in StepId=12.0. Some of the step tasks have been OOM Killed.",
        "killed",
        "free -g",
    ),
    ("error: *** JOB 12 ON n1 CANCELLED AT 2026-11-22T20:00:00 DUE TO TIME LIMIT ***", "interrupted", "same command"),
    # Data, environments, the workflow.
    ("zipfile.BadZipFile: File is not a zip file", "damaged", "rm FILE"),
    ("OSError: image file is truncated (12 bytes not processed)", "damaged", "rm FILE"),
    ("LockException: Error: Directory cannot be locked.", "locked", "snakemake --unlock"),
    ("  × Failed to fetch: `https://example.org/simple/jax/`", "network", "HTTPS_PROXY"),
    ("  ╰─▶ Because there is no version of jaxlib==0.4.13+cuda12.cudnn89 and you require", "wheel", "UV_FIND_LINKS"),
    ("error: Hash mismatch for `jax==0.10.2`", "hashes", "cache clean"),
    ("ModuleNotFoundError: No module named 'optax'", "old-code", "rm -rf"),
    ("  Caused by: invalid peer certificate: UnknownIssuer", "certificate", "SSL_CERT_FILE"),
    (
        "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified",
        "slurm-refused",
        "profiles/slurm/config.yaml",
    ),
    ("Job 0 completed successfully, but some output files are missing.", "late-file", "--latency-wait"),
]


@pytest.mark.parametrize(("line", "trouble", "cure"), TEXTS)
def test_an_error_text_is_recognised(laboratory, line, trouble, cure):
    found = recognised(["Python 3.11", "  File 'train.py', line 3", line, ""])
    assert found is not None and (found.trouble.id, found.line) == (trouble, line.strip())
    assert cure in laboratory.subject.filled(found.trouble.cure, found.values)


def test_every_signature_has_a_trouble_and_a_text():
    assert {id for id, _ in SIGNATURES} <= TROUBLES.keys() >= set(EXIT_CODES.values())
    without = {id for id, _ in SIGNATURES} - {trouble for _, trouble, _ in TEXTS}
    assert not without, "add to TEXTS a line that a log has, word for word"


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        (137, "killed"),
        (139, "crashed"),
        (132, "processor"),
        (135, "shm"),
        (143, "interrupted"),
        (1, None),
        (None, None),
    ],
)
def test_an_exit_code_tells_where_the_log_says_nothing(code, trouble):
    found = recognised(["step 300: loss 0.3"], code)
    assert (found.trouble.id if found else None) == trouble


def test_a_refusal_of_our_own_says_itself_what_to_do():
    log = """\
[job] JAX_PLATFORMS=cpu
ConfigError: experiment 'broken', config.encoder_kwargs.pooling_method
  given:   'maximum'
  allowed: avg, max
  to do:   did you mean 'max'?
"""
    found = recognised(log.splitlines(), 2)
    assert (found.trouble.id, found.values["said"]) == ("says-itself", "did you mean 'max'?")


def test_the_particular_comes_before_the_general():
    log = ["DNN library initialization failed", "CUDA_ERROR_OUT_OF_MEMORY: out of memory"]
    assert recognised(log).trouble.id == "gpu-out-of-memory"


def test_what_xla_and_wandb_say_by_the_way_is_not_the_reason():
    log = """\
W0000 00:00:1 bfc_allocator.cc:291] Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.25GiB: not a failure
2026-11-22 10:00:00.123: W external/xla/xla/service/gpu/nvptx_compiler.cc:70] Can't find libdevice directory
wandb: ERROR Error while calling W&B API: permission denied (<Response [403]>)
KeyError: 'goals'
"""
    assert recognised(log.splitlines(), 1) is None


def test_a_healthy_log_tells_nothing():
    log = """\
[job] LD_LIBRARY_PATH=/lab/.venvs/train-cuda12/lib/python3.11/site-packages/nvidia/cublas/lib
[job] XLA_FLAGS=--xla_gpu_force_compilation_parallelism=1
INFO:jax._src.xla_bridge:Unable to initialize backend 'tpu': INTERNAL: Failed to open libtpu.so
runs/bc_all/bc_all-0123456789ab: resuming from the checkpoint of step 5000
W&B: online failed (CommError: no network). Nothing is lost: metrics.jsonl has everything.
step 5,050 of 50,000: loss 0.412, data wait 2 %
"""
    assert recognised(log.splitlines(), 0) is None
