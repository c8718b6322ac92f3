"""The table of troubles: what can be wrong, why that matters, its cure, and the words that show it in a log.

The first row whose words are in a log wins, so particular rows come before general ones: after "out of memory", for
instance, a library that could not be initialised is no trouble of its own. `docs/doctor.md` is made from this table.

Fields in braces are filled in when a cure is shown: {config} repeats the user's own `--config …`, {set} begins one to
which more is added, {rebuild} remakes the training environment from its lock, {install} installs into it; the others
come with a finding. An exit code of a shell is 128 and the number of the signal that ended the job.
"""

from bridgelib.doctor.troubles import machine, work
from bridgelib.doctor.troubles.row import FAMILIES, Sign, Trouble

__all__ = ["FAMILIES", "TABLE", "TROUBLES", "Sign", "Trouble"]

TABLE: tuple[Trouble | Sign, ...] = (*machine.ROWS, *work.ROWS)
TROUBLES = {row.id: row for row in TABLE if isinstance(row, Trouble)}
