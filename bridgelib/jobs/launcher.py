"""Start a program in a rule's environment: variables first, then GPUs, then exec (the program keeps the process)."""

import argparse
import os
import sys
from pathlib import Path

from bridgelib.errors import REFUSAL_NOTE, ConfigError, run_program
from bridgelib.jobs.gpus import allowed_gpus, lease_gpus
from bridgelib.jobs.refusals import note_of, refusal_in
from bridgelib.jobs.variables import ALLOCATION, DEVICE_ORDER, THREADS, applied, job_variables, python_path
from bridgelib.layout import portable_path

_SHOWN = ("LD_LIBRARY_PATH", "XLA_FLAGS", "JAX_PLATFORMS", THREADS, "CUDA_VISIBLE_DEVICES", DEVICE_ORDER, *ALLOCATION)


def start() -> None:
    """The entry point of `envs/run`."""
    run_program(main)


def main(argv: list[str] | None = None) -> int:
    """Set up the environment and replace this process by the program; returns only when it cannot be started."""
    options = _parse_arguments(argv)
    note = note_of(options.program, os.environ)
    if (words := refusal_in(note)) is not None:
        print(f"{words}\n[job] refused before in this call of the workflow: it was not started again", file=sys.stderr)
        return 2
    if note is not None:
        os.environ[REFUSAL_NOTE] = str(note)
    # `current`: the environment that Snakemake itself runs in, whose Python runs this launcher.
    given = {"active": None, "current": sys.prefix}.get(options.environment, options.environment)
    environment = None if given is None else Path(given).absolute()
    if environment is not None and not os.access(environment / "bin" / "python", os.X_OK):
        raise ConfigError(
            environment,
            given="no environment there, or one whose Python you may not start",
            do=f"build it: snakemake --force {portable_path(environment / '.ready')}",
        )
    variables = job_variables(
        environment,
        cuda_libs=options.cuda_libs,
        xla_flags=options.xla_flags,
        platform=options.platform,
        devices=_devices(options),
        gpu_memory=options.gpu_memory,
        deterministic=options.deterministic,
        threads=options.threads,
    )
    complete = applied(variables, os.environ)
    complete["PYTHONPATH"] = python_path(complete)
    for name in _SHOWN:
        if name in complete or name in variables:
            print(f"[job] {name}={complete.get(name, '(removed)')}", file=sys.stderr)
    try:
        os.execvpe(options.program[0], options.program, complete)
    except FileNotFoundError:
        raise ConfigError(
            options.program[0], given="no such program in the environment", do="check the command"
        ) from None


def _devices(options: argparse.Namespace) -> list[str] | None:
    """The GPUs of this job: none on the CPU, else leased."""
    if options.gpus is None:
        return None
    if options.platform == "cpu":
        return []
    if options.gpus == 0:
        raise ConfigError(
            "GPUs",
            given="this machine's profile trains on a GPU, and none is visible here",
            do="run it where the GPU is, or say that the CPU will do: --config jax_platform=cpu",
        )
    allowed = allowed_gpus(os.environ.get("BRIDGE_GPUS", "").replace(" ", "").split(","))
    return lease_gpus(options.gpus, [device for device in allowed if device])


def _parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="envs/run", usage="envs/run ENVIRONMENT [options] -- PROGRAM [argument ...]", description=__doc__
    )
    parser.add_argument("environment", help="a folder; 'current': that of this Python; 'active': leave it alone")
    parser.add_argument("--gpus", type=int, help="lease this many GPUs (default: leave the devices alone)")
    parser.add_argument("--cuda-libs", choices=("pip", "system", "clean"), default="pip")
    parser.add_argument("--xla-flags", default="", help="XLA_FLAGS of the program")
    parser.add_argument("--platform", choices=("auto", "cpu", "cuda"), default="auto", help="what JAX may use")
    parser.add_argument("--gpu-memory", default="auto", help="grow, a share to take at once such as 0.9, or auto")
    parser.add_argument("--threads", default="", metavar="N", help="compute with so many on a CPU (default: all cores)")
    parser.add_argument("--deterministic", action="store_true", help="the same bits on every run, for some speed")
    argv = sys.argv[1:] if argv is None else argv
    own, program = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    options = parser.parse_args(own)
    options.program = program
    if not program:
        parser.error("no program given: write it after --")
    return options
