"""The plan of this call, and what every rule takes from it."""

import os
import shlex
import sys

sys.path.insert(0, workflow.basedir)

from bridgelib.capacity import available_cores
from bridgelib.config.machines import ROOTS
from bridgelib.config.settings import check_files, load_settings
from bridgelib.errors import BridgeError
from bridgelib.jobs.refusals import of_this_call
from bridgelib.jobs.variables import python_path
from bridgelib.layout import portable_path
from bridgelib.workflow.admission import Admission
from bridgelib.workflow.plan import WorkflowPlan
from bridgelib.workflow.stage import Slots


def slots():
    """What jobs may use at the same time, by Snakemake's command line and profile."""
    cores, gpus, elsewhere = (
        getattr(workflow.global_resources.get(key), "value", None)
        for key in ("_cores", "gpu", "_nodes")
    )
    return Slots(cores or available_cores(), gpus or 0, bool(elsewhere))


try:
    check_files(workflow.configfiles)
    REPOSITORY = Path(workflow.basedir)
    PLAN = WorkflowPlan(load_settings(config, REPOSITORY), REPOSITORY)
    if workflow.is_main_process:
        os.environ |= of_this_call(Path.cwd())
        CALL = Admission(PLAN, sys.argv[1:], slots())
        for refusal in CALL.refusals():
            raise refusal
        for line in CALL.needs().splitlines():
            print(f"[forecast] {line}", file=sys.stderr)
        for line in CALL.asides():
            print(f"[plan] {line}", file=sys.stderr)
except BridgeError as error:
    # Not a WorkflowError: Snakemake puts lines of this file above and below it, in which nothing is wrong.
    print(error, file=sys.stderr)
    sys.exit(2)

MACHINE = PLAN.machine.with_roots(
    **{root: portable_path(getattr(PLAN.machine, root)) for root in ROOTS}
)
# A job on a cluster's node reads this file again: there the host's name would choose another machine.
if config["machine"] == "auto":
    os.environ.setdefault("MACHINE", MACHINE.name)

# For the scripts that fill conda environments; jobs get their variables below.
os.environ |= {"BRIDGE": workflow.basedir, "BRIDGE_PYTHON": sys.executable}

# Where the repository and its Python are, and which devices a job may lease, must not count as a change of a rule.
shell.prefix(
    f"export BRIDGE={shlex.quote(workflow.basedir)} BRIDGE_PYTHON={shlex.quote(sys.executable)}"
    f" BRIDGE_GPUS={','.join(map(str, MACHINE.gpus))} PYTHONPATH={shlex.quote(python_path())}"
    + (f" WANDB_MODE={PLAN.settings.wandb}" if PLAN.settings.wandb != "auto" else "")
    + "; set -euo pipefail; "
)


wildcard_constraints:
    task=r"[^/]+(/[^/]+)*",
    date=r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d",
    experiment="|".join(map(re.escape, PLAN.settings.experiments)),
