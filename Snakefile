# From raw BridgeData demonstrations to trained policies. The paths tell what a file is:
#
#   <raw>/<task>/<date>/raw/traj_group*/traj*           demonstrations, as collected
#   <numpy>/<task>/<date>.npz                           one shard per collection session, and its .report.json
#   <tfrecord>/<task>/{train,val}/out.tfrecord          the BridgeData format, with index, split and statistics
#   <runs>/<experiment>/done.json                       a trained policy
#
# The four roots stand in the machine profile (config/machines/), chosen with --config machine=NAME.
from snakemake.utils import min_version

min_version("9.20")


configfile: Path(workflow.basedir) / "config" / "config.yaml"


include: "rules/common.smk"
include: "rules/environments.smk"
include: "rules/simulation.smk"
include: "rules/conversion.smk"
include: "rules/training.smk"
include: "rules/targets.smk"
