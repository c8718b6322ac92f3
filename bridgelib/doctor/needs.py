"""Preconditions of checks. Each gives the answer where it is not met, and None where it is."""

from bridgelib.doctor.check import Answer, not_checked, ok
from bridgelib.doctor.subject import ELSEWHERE, Subject


def this_host(subject: Subject) -> Answer | None:
    """Jobs run on this host."""
    return not_checked(ELSEWHERE) if subject.elsewhere else None


def recorded(subject: Subject) -> Answer | None:
    """Demonstrations were recorded, not simulated."""
    return ok("demonstrations are simulated") if subject.machine.simulation is not None else None


def packages(subject: Subject) -> Answer | None:
    """The training environment is built."""
    return not_checked(subject.not_built) if subject.not_built else None


def cuda(subject: Subject) -> Answer | None:
    """The training environment's JAX was made for CUDA."""
    if answer := packages(subject):
        return answer
    return ok("not needed: JAX is built for the CPU here") if subject.cuda_flavour is None else None


def training_on_gpu(subject: Subject) -> Answer | None:
    """Training is meant to use a GPU of this host."""
    _ = subject.machine
    if answer := this_host(subject):
        return answer
    seen = f"; it has {len(subject.driver.gpus)} GPUs" if subject.driver.gpus else ""
    return None if subject.trains_on_gpu else ok(f"not needed: this machine trains on the CPU{seen}")


def gpus(subject: Subject) -> Answer | None:
    """Training is meant to use a GPU of this host, and the driver knows one."""
    if answer := training_on_gpu(subject):
        return answer
    problem = subject.driver.problem or (None if subject.driver.gpus else "nvidia-smi lists no GPU")
    return not_checked(problem) if problem else None
