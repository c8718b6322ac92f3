"""What happens around jobs: before the first one starts, where one was refused, and what is said below all else."""

from snakemake.jobs import Job

from bridgelib.jobs.environment_locks import follow_lock
from bridgelib.jobs.refusals import forget_former, stands_in
from bridgelib.workflow.claims import claim, claims_of

ASSIGNMENT = ".snakemake/assignments/{experiment}.json"

# Snakemake would restart a refused job as often as `retries` says. What is overridden here is not its public interface:
# should that change, the job is restarted, and its launcher refuses at once.
Job.restart_times = property(
    lambda job: 0 if stands_in(job.log, os.environ) else job.rule.restart_times
)


onstart:
    if workflow.is_main_process:
        jobs = [job for job in workflow.dag.needrun_jobs() if not job.is_norun]
        # Not for those that only tell: another call may be at work in this folder meanwhile.
        if any(job.output for job in jobs):
            forget_former(Path.cwd())
        try:
            claim(claims_of(PLAN, ((job.output, job.input) for job in jobs)))
            if any(job.output for job in jobs) and not environment_from_elsewhere():
                for name in PLAN.environments:
                    follow_lock(REPOSITORY / ".venvs" / name, lock_file(name))
            names = {job.wildcards_dict.get("experiment") for job in jobs}
            for name in filter(None, names):
                PLAN.assignment(name).save(Path(ASSIGNMENT.format(experiment=name)))
        except BridgeError as error:
            print(error, file=sys.stderr)
            sys.exit(2)


def say_last(text):
    """Print on standard error, below all that Snakemake still has to say where our own logger plugin shows it."""
    shown = [
        handler
        for handler in workflow.logger_manager.get_log_handlers()
        if hasattr(handler, "say_last")
    ]
    if shown:
        shown[0].say_last(text)
    else:
        print(text, end="", file=sys.stderr)
