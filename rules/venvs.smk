"""The functions through which rules name their environments."""

from snakemake.settings.types import DeploymentMethod

from bridgelib.jobs.environment_locks import equal_locks, lock_digest

VENVS = portable_path(REPOSITORY / ".venvs")
ENVS = portable_path(REPOSITORY / "envs")
TRAINING = PLAN.training_environment


def environment_from_elsewhere():
    """How `envs/run` names an environment from elsewhere (conda's, or Snakemake's own), or None for one of ours."""
    by_conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    return (
        "active" if by_conda else "current" if PLAN.settings.env == "current" else None
    )


def environment_stamp(name):
    """The stamp of a rule environment, an input of the rules that use it; nothing where it comes from elsewhere.

    When it was built does not count, or all results would be made again from each new clone; that its lock has changed
    does, unless the results of both are the same. What a run that was then cut short has left over, `made_as_now` knows.
    """
    stamp = REPOSITORY / ".venvs" / name / ".ready"
    outdated = stamp.is_file() and lock_digest(stamp) not in equal_locks(
        lock_file(name)
    )
    if environment_from_elsewhere():
        return []
    return portable_path(stamp) if outdated else ancient(portable_path(stamp))


def built_as_locked(wildcards):
    """An input function without files: an environment is built again where its lock has other results than its stamp.

    By the lock's date Snakemake would build it again too where it is the same, or gives the same, and then do nothing
    else in that call: what hangs on a job by ancient files alone it does not look at.
    """
    stamp = REPOSITORY / ".venvs" / wildcards.name / ".ready"
    if stamp.is_file() and lock_digest(stamp) not in equal_locks(
        lock_file(wildcards.name)
    ):
        workflow.dag.forcefiles.add(portable_path(stamp))
    return []


def lock_file(name):
    """The lock of a rule environment."""
    return REPOSITORY / "envs" / f"{name}.txt"


def lock_of(name):
    """A param that Snakemake remembers: the lock of the environment; empty where that was not made from one."""
    if environment_from_elsewhere() == "current":
        return ""
    return f"lock {lock_digest(lock_file(name))}"


def environment_folder(name):
    """A params function: the first argument of `envs/run`."""

    def folder(wildcards):
        return environment_from_elsewhere() or f"{VENVS}/{name}"

    return folder
