"""The functions through which rules ask the plan: for inputs, params and resources."""

from snakemake.exceptions import WorkflowError
from snakemake.io import IOFile

from bridgelib.workflow.summary import seeds_as_words
from bridgelib.workflow.targets import makes_nothing

SAID = set()


def from_plan(question):
    """An input or params function whose answer comes from the plan, and whose refusals have no traceback."""

    def answer(wildcards):
        try:
            return question(**wildcards)
        except BridgeError as error:
            raise WorkflowError(str(error)) from None

    return answer


def doubled_when_repeated(question):
    """A resources function: as much as the plan says, twice that after a failed attempt."""

    def answer(wildcards, attempt):
        return min(attempt, 2) * from_plan(question)(wildcards)

    return answer


def number_of_shards(wildcards, input):
    """A params function: how many shards a job reads."""
    return len(input.shards)


def exclusions(wildcards):
    """A params function: the tasks that the machine leaves out, as options."""
    return [f"--exclude={pattern}" for pattern in MACHINE.exclude]


def collection_session():
    """The raw input of a shard: its real dated folder, whose own date does not count, or the simulation's last file."""
    folder = from_plan(PLAN.dated_folder)
    return ancient(folder) if MACHINE.simulation is None else folder


def made_as_now(step, environment):
    """An input function without files: a result whose recorded origin differs from its present one is made again.

    It says from what it was made; from which lock its environment came only Snakemake remembers, where it made it from
    this folder. Inputs are asked for while the jobs are put in order, of none but those that targets need.
    """

    lock, equal = lock_of(environment), equal_locks(lock_file(environment))

    def remembered(file):
        return workflow.persistence.params(IOFile(file, workflow.get_rule(step)))

    def otherwise(**names):
        by_itself = PLAN.staleness.of(step, **names)
        return by_itself or PLAN.staleness.by_lock(
            lock, equal, remembered, step, **names
        )

    def files(wildcards):
        if not workflow.is_main_process or makes_nothing(sys.argv[1:]):
            return []
        found = from_plan(otherwise)(wildcards)
        if found:
            workflow.dag.forcefiles.add(found.file)
        if found and found.kind not in SAID:
            SAID.add(found.kind)
            print(f"[stale] {found}", file=sys.stderr)
        return []

    return files
