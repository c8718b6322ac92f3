"""
Make the page that people look at: what was trained, whether it works, what the data are like.

INPUTS   whatever results there are; it waits for those only that the same call asks for
OUTPUTS  <runs>/report/index.html
"""

from functools import partial

from bridgelib.layout import PAGE
from bridgelib.workflow.targets import targets_in

ASKED = targets_in(sys.argv[1:]) or {"all"}


localrules:
    report,


rule report:
    """Make one page of all results that are there; print where it is."""
    input:
        environment=environment_stamp("convert"),
        results=from_plan(partial(PLAN.results_of, ASKED)),
        former=made_as_now("report", "convert"),
    output:
        page=in_report(Path(MACHINE.runs, PAGE), "report", "all"),
    log:
        "logs/report.log",
    conda:
        "../envs/convert.yaml"
    params:
        environment=environment_folder("convert"),
        lock=lock_of("convert"),
        settings=as_words(GIVEN),
    shell:
        '"$BRIDGE/envs/run" {params.environment:q} -- python "$BRIDGE/workflow_scripts/report.py"'
        " --config {params.settings:q} --output {output.page:q} 2> {log:q}"
