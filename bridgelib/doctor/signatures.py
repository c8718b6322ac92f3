"""Error texts and what they mean: a log is read for signs of the troubles that the doctor knows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bridgelib.doctor.troubles import TROUBLES, Trouble


@dataclass(frozen=True)
class Signature:
    """A text in a log that tells of a trouble.

    Attributes:
        trouble: Its id.
        pattern: What the line looks like. Its named groups are fields of the cure.
    """

    trouble: str
    pattern: re.Pattern


@dataclass(frozen=True)
class Recognised:
    """A trouble recognised in a log.

    Attributes:
        trouble: What it is.
        line: The line that told.
        values: What the fields of its cure stand for.
    """

    trouble: Trouble
    line: str
    values: dict[str, str]


# The first that fits wins, so what is particular comes before what is general: after "out of memory", for instance,
# the library that could not be initialised is no trouble of its own.
_PATTERNS = (
    (
        "killed",
        r"oom[-_ ]?kill|Out of memory: Killed process|OUT_OF_MEMORY'|exceeded memory limit|line \d+:\s+\d+ Killed",
    ),
    ("memory", r"RESOURCE_EXHAUSTED: Out of memory allocating"),  # XLA's words where it computes on the CPU
    ("gpu-out-of-memory", r"RESOURCE_EXHAUSTED|CUDA_ERROR_OUT_OF_MEMORY|out of memory (while )?trying to allocate"),
    ("gpu-failed", r"CUDA_ERROR_ECC_UNCORRECTABLE|fallen off the bus|GPU is lost|NVRM: Xid"),
    ("disk", r"No space left on device|\bENOSPC\b|Disk quota exceeded"),
    ("open-files", r"Too many open files|\bEMFILE\b"),
    ("shm", r"Bus error|unable to (open|allocate) shared memory|NCCL .*(shm|shared memory)"),
    ("communication", r"NCCL operation .* failed|Barrier timed out|must be called before any JAX computations"),
    ("ml-dtypes", r"float8_e3m4|ImportError.*tensorstore|tensorstore.*ImportError"),
    ("tfp", r"Arg specs do not match|requires TensorFlow version >="),
    ("scipy", r"scipy\.linalg.* has no attribute '(tril|triu)'|cannot import name 'tri[lu]'"),
    ("numpy", r"compiled using NumPy 1\.x cannot be run in|multiarray failed to import|_ARRAY_API not found"),
    ("nvlink", r"nvlink fatal\s*: Input file .* newer than toolkit"),
    ("cuda-packages", r"libdevice.*not found|Can't find libdevice|Couldn't find a suitable version of ptxas"),
    ("nvjitlink", r"undefined symbol: __nvJitLink\w+|libnvJitLink.*version .*not (found|defined)"),
    ("compute-capability", r"no kernel image is available|cannot be compiled to future architecture"),
    ("compute-capability", r"ptxas does not support CC"),
    ("nvcc", r"ptxas [\d.]+ has a bug"),
    ("ptxas", r"ptxas.*(Unsupported \.version|is newer than)|unsupported toolchain|UNSUPPORTED_PTX_VERSION"),
    ("libcuda", r"CUDA driver is a stub library|CUDA_ERROR_STUB_LIBRARY"),
    ("fabric-manager", r"CUDA_ERROR_SYSTEM_NOT_READY|system not yet initialized|cuInit\(0\) failed.*\b802\b"),
    ("driver", r"Driver/library version mismatch|NVIDIA-SMI has failed|communicate with the NVIDIA driver"),
    ("driver-toolkit", r"CUDA driver version is insufficient|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
    ("driver-toolkit", r"forward compatibility was attempted"),
    ("driver-toolkit", r"cudaErrorSymbolNotFound"),  # newer JAX under a driver of the 525 series: jax issue 24749
    ("cudnn", r"Found cuDNN version \d+, but JAX was built against"),
    ("cuda-packages", r"Found cu\w+ version \d+, but JAX was built against"),
    ("cudnn", r"runtime CuDNN library: [\d.]+ but source was compiled with|CuDNN library needs to have matching"),
    ("cudnn", r"Outdated cuDNN installation found"),
    ("cuda-packages", r"Outdated \w+ installation found"),
    ("gpu-processes", r"CUDA_ERROR_DEVICE_UNAVAILABLE|CUDA-capable devices? ?(\(s\))? (is/)?are busy"),
    ("gpu-memory", r"DNN library initialization failed|CUDNN_STATUS_NOT_INITIALIZED|Could not create cudnn handle"),
    ("gpu-memory", r"CUBLAS_STATUS_(NOT_INITIALIZED|ALLOC_FAILED)|Failed to determine best cudnn convolution"),
    ("gpu-memory", r"DNN library is not found"),
    ("gpu-kernel", r"CUDA_ERROR_(ILLEGAL_ADDRESS|LAUNCH_FAILED|MISALIGNED_ADDRESS)|CUDNN_STATUS_EXECUTION_FAILED"),
    ("jax", r"plugin .* is not compatible with the installed jaxlib"),
    ("driver", r"cuInit.* failed|failed call to cuInit|CUDA_ERROR_NO_DEVICE|no CUDA-capable device"),
    ("driver", r"No visible GPU devices|no supported devices found for platform CUDA"),
    ("cuda-origin", r"Unable to load cu\w+\. Is it installed|The cu\w+ library was not found"),
    ("cuda-origin", r"Unable to load any of \{lib(cudnn|cublas)|Could not load library lib(cudnn|cublas)"),
    ("launcher-variables", r"is specified together with (?P<variables>XLA_PYTHON_CLIENT_MEM_FRACTION)"),
    ("launcher-variables", r"(?P<variables>XLA_PYTHON_CLIENT_ALLOCATOR) env var must"),
    ("jax", r"CUDA-enabled jaxlib is not installed|Unable to initialize backend '(cuda|gpu)'"),
    (
        "jax",
        r"assert _default_backend is not None|JAX has no device of JAX_PLATFORMS",
    ),  # it names one that is not there
    ("cuda-origin", r"lib(cud|cub|cus|cuf|nv|nccl)\w*\.so[.\d]*: (cannot open shared|undefined symbol|version)"),
    (
        "xla-flags",
        r"Unknown flags? in XLA_FLAGS|to read flags for environment variable|Couldn't interpret value .* for flag xla_",
    ),
    ("proprio", r"Cannot concatenate arrays with different numbers of dimensions"),
    ("batch", r"(sharding|batch|dimension).*(not divisible|should be divisible|evenly divide)"),
    ("system-libraries", r"version [`']?(GLIBC|GLIBCXX|CXXABI)_[\d.]+'? not found"),
    ("processor", r"Illegal instruction|This version of jaxlib was built using AVX"),
    ("file-locks", r"No locks available|\bENOLCK\b"),
    ("locked", r"Directory cannot be locked|LockException"),
    ("damaged", r"file (is|was) truncated|DataLossError|BadZipFile|corrupted record|UnpicklingError"),
    ("damaged", r"Stale file handle"),
    ("writable", r"Permission denied|Read-only file system|Operation not permitted"),
    ("threads", r"can't start new thread|pthread_create failed|fork: retry: Resource temporarily unavailable"),
    ("memory", r"\bMemoryError\b|Cannot allocate memory|std::bad_alloc|Unable to allocate .* for an array"),
    ("wheel", r"no version of jaxlib==\S+\+cuda|jaxlib==\S+\+cuda\S+ was not found"),
    ("hashes", r"Hash mismatch for|DO NOT MATCH THE HASHES"),
    ("certificate", r"invalid peer certificate|CERTIFICATE_VERIFY_FAILED"),
    ("network", r"Failed to (fetch|download)|error sending request|dns error|Could not resolve host"),
    ("old-code", r"ModuleNotFoundError: No module named"),
    ("wandb", r"api_key not configured|wandb\S*CommError|UsageError: No API key"),
    ("slurm-refused", r"Batch job submission failed|sbatch: error|Invalid generic resource|QOSMax\w+Limit"),
    ("late-file", r"MissingOutputException|some output files are missing"),
    ("crashed", r"Segmentation fault|core dumped|double free or corruption|Fatal Python error"),
    ("interrupted", r"^Stopped by SIG|KeyboardInterrupt|^Interrupted\.|DUE TO TIME LIMIT|CANCELLED AT"),
    ("interrupted", r"status is: '(TIMEOUT|PREEMPTED|CANCELLED|NODE_FAIL)"),
)
SIGNATURES = tuple(Signature(trouble, re.compile(pattern, re.IGNORECASE)) for trouble, pattern in _PATTERNS)

# What no job fails of: XLA's information and warnings, such as that an algorithm which it tried wanted more memory than
# there is, and what W&B says by itself.
_NOISE = re.compile(r"^(\d{4}-\d\d-\d\d [\d:.]+: )?[IW](\d{4} | (external|tensorflow|xla)/)|^wandb: ")

# Exit codes of a shell: 128 and the number of the signal that ended the job.
EXIT_CODES = {137: "killed", 9: "killed", 132: "processor", 135: "shm", 134: "crashed", 139: "crashed"}
EXIT_CODES |= {143: "interrupted", 15: "interrupted", 130: "interrupted", 75: "interrupted"}
_OWN_ERROR = re.compile(r"^(ConfigError|DataError): ")
_TO_DO = re.compile(r"^\s+to do:\s+(.*)")


def recognised(lines: Iterable[str], exit_code: int | None = None) -> Recognised | None:
    """What a failed job's log tells; None where it tells nothing that is known.

    Args:
        lines: The log.
        exit_code: How the job ended, where that is known; it counts where the log says nothing.
    """
    lines = [line.rstrip() for line in lines if not _NOISE.match(line)]
    own = _own_error(lines)
    if own is not None:
        return own
    for signature in SIGNATURES:
        for line in lines:
            if match := signature.pattern.search(line):
                return Recognised(TROUBLES[signature.trouble], line.strip(), match.groupdict())
    known = EXIT_CODES.get(exit_code) if exit_code is not None else None
    if known is not None:
        return Recognised(TROUBLES[known], f"it ended with exit code {exit_code}", {})
    return None


def _own_error(lines: list[str]) -> Recognised | None:
    """The last refusal that a program of this project printed: it says itself what to do."""
    begins = [number for number, line in enumerate(lines) if _OWN_ERROR.match(line)]
    if not begins:
        return None
    after = lines[begins[-1] : begins[-1] + 5]
    advice = next((match[1] for line in after if (match := _TO_DO.match(line))), "see the log above")
    return Recognised(TROUBLES["says-itself"], after[0], {"said": advice})
