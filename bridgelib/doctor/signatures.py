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
        pattern: What the line looks like.
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
    ("killed", r"oom[-_ ]?kill|Out of memory: Killed process|OUT_OF_MEMORY'|exceeded memory limit"),
    ("gpu-out-of-memory", r"RESOURCE_EXHAUSTED|CUDA_ERROR_OUT_OF_MEMORY|out of memory (while )?trying to allocate"),
    ("disk", r"No space left on device|\bENOSPC\b|Disk quota exceeded"),
    ("open-files", r"Too many open files|\bEMFILE\b"),
    ("shm", r"Bus error|unable to (open|allocate) shared memory|NCCL .*(shm|shared memory)"),
    ("ml-dtypes", r"float8_e3m4|ImportError.*tensorstore|tensorstore.*ImportError"),
    ("tfp", r"Arg specs do not match|requires TensorFlow version >="),
    ("scipy", r"scipy\.linalg.* has no attribute '(tril|triu)'|cannot import name 'tri[lu]'"),
    ("numpy", r"compiled using NumPy 1\.x cannot be run in|multiarray failed to import|_ARRAY_API not found"),
    ("nvlink", r"nvlink fatal\s*: Input file .* newer than toolkit"),
    ("nvjitlink", r"undefined symbol: __nvJitLink\w+|libnvJitLink.*version .*not (found|defined)"),
    ("compute-capability", r"no kernel image is available|cannot be compiled to future architecture"),
    ("compute-capability", r"ptxas does not support CC"),
    ("ptxas", r"ptxas.*(Unsupported \.version|is newer than)|unsupported toolchain|UNSUPPORTED_PTX_VERSION"),
    ("libcuda", r"CUDA driver is a stub library|CUDA_ERROR_STUB_LIBRARY"),
    ("driver", r"Driver/library version mismatch|NVIDIA-SMI has failed|communicate with the NVIDIA driver"),
    ("driver-toolkit", r"CUDA driver version is insufficient|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
    ("driver-toolkit", r"forward compatibility was attempted"),
    ("cudnn", r"runtime CuDNN library: [\d.]+ but source was compiled with|CuDNN library needs to have matching"),
    ("cudnn", r"Outdated cuDNN installation found"),
    ("cuda-packages", r"Outdated \w+ installation found"),
    ("gpu-memory", r"DNN library initialization failed|CUDNN_STATUS_NOT_INITIALIZED"),
    ("gpu-memory", r"CUBLAS_STATUS_(NOT_INITIALIZED|ALLOC_FAILED)"),
    ("jax", r"plugin .* is not compatible with the installed jaxlib|CUDA-enabled jaxlib is not installed"),
    ("jax", r"Unable to initialize backend '(cuda|gpu)'|no supported devices found for platform CUDA"),
    ("cuda-origin", r"lib(cud|cub|cus|cuf|nv|nccl)\w*\.so[.\d]*: (cannot open shared|undefined symbol|version)"),
    (
        "xla-flags",
        r"Unknown flags? in XLA_FLAGS|to read flags for environment variable|Couldn't interpret value .* for flag xla_",
    ),
    ("proprio", r"Cannot concatenate arrays with different numbers of dimensions"),
    ("batch", r"(sharding|batch|dimension).*(not divisible|should be divisible|evenly divide)"),
    ("processor", r"Illegal instruction|This version of jaxlib was built using AVX"),
    ("file-locks", r"No locks available|\bENOLCK\b"),
    ("locked", r"Directory cannot be locked|LockException"),
    ("damaged", r"file (is|was) truncated|DataLossError|BadZipFile|corrupted record|UnpicklingError"),
    ("damaged", r"Stale file handle"),
    ("writable", r"Permission denied|Read-only file system|Operation not permitted"),
    ("memory", r"\bMemoryError\b|Cannot allocate memory|std::bad_alloc|Unable to allocate .* for an array"),
    ("wheel", r"no version of jaxlib==\S+\+cuda|jaxlib==\S+\+cuda\S+ was not found"),
    ("hashes", r"Hash mismatch for|DO NOT MATCH THE HASHES"),
    ("network", r"Failed to (fetch|download)|error sending request|dns error|Could not resolve host"),
    ("old-code", r"ModuleNotFoundError: No module named"),
    ("wandb", r"api_key not configured|wandb\S*CommError|UsageError: No API key"),
    ("crashed", r"Segmentation fault|core dumped|double free or corruption|Fatal Python error"),
    ("interrupted", r"^Stopped by SIG|KeyboardInterrupt|^Interrupted\.|DUE TO TIME LIMIT|CANCELLED AT"),
    ("interrupted", r"status is: '(TIMEOUT|PREEMPTED|CANCELLED|NODE_FAIL)"),
)
SIGNATURES = tuple(Signature(trouble, re.compile(pattern, re.IGNORECASE)) for trouble, pattern in _PATTERNS)

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
    lines = [line.rstrip() for line in lines]
    own = _own_error(lines)
    if own is not None:
        return own
    for signature in SIGNATURES:
        for line in lines:
            if signature.pattern.search(line):
                return Recognised(TROUBLES[signature.trouble], line.strip(), {})
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
