"""Packages that do not work together: a table of those known by their versions; then JAX and its plugin, TensorFlow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement

from bridgelib.doctor.check import Answer, Check, check, error, ok, warning
from bridgelib.doctor.checks.packages import rebuild_if_locked
from bridgelib.doctor.installed import Package
from bridgelib.doctor.needs import packages
from bridgelib.doctor.subject import Subject

_NAMES = {"tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly")}
# TensorFlow Probability, with the oldest and the newest TensorFlow it works with, from its release notes and its issue
# 1752. The last of those that fit a TensorFlow is the one to install beside it.
_TFP = {
    "0.25.0": ("2.18", "99"),
    "0.24.0": ("2.16", "2.17"),
    "0.23.0": ("2.15", "2.15"),
    "0.22.1": ("2.14", "2.15"),
    "0.21.0": ("2.13", "2.13"),
    "0.20.1": ("2.12", "2.12"),
    "0.19.0": ("2.11", "2.11"),
}


@dataclass(frozen=True)
class Conflict:
    """Versions of two packages that do not work together.

    Attributes:
        trouble: The id of the conflict's row in the table of troubles.
        package: Versions of the one package, such as `jax<=0.4.17`.
        partner: Versions of the other package that they do not work with.
        said: The finding, with `{package}` and `{partner}` for what is installed.
        answer: Makes the answer: `error`, `warning` and so on.
        needed: Whether the package also fails where the partner is missing.
    """

    trouble: str
    package: str
    partner: str
    said: str
    answer: Callable[..., Answer] = error
    needed: bool = False


def _of_probability() -> Iterator[Conflict]:
    for own, (oldest, newest) in _TFP.items():
        package = f"tensorflow-probability=={own.rpartition('.')[0]}.*"
        unknown = f"{{package}} does not fit {{partner}}, it knows none after {newest}"
        yield Conflict("tfp", package, f"tensorflow>{newest}.99", unknown)
        half = f"{{package}} wants TensorFlow {oldest} or newer, and {{partner}} is here: only its JAX half works"
        yield Conflict("tfp", package, f"tensorflow<{oldest}", half, warning)


_LACKS = "{partner} has no float8_e3m4, which {package} needs"
CONFLICTS = (
    Conflict("ml-dtypes", "tensorstore>=0.1.68", "ml-dtypes<0.5", _LACKS, needed=True),
    *_of_probability(),
    Conflict("scipy", "jax<=0.4.17", "scipy>=1.13", "{partner} has no scipy.linalg.tril, which {package} uses"),
    Conflict("numpy", "jaxlib<0.4.26", "numpy>=2", "{package} was compiled for NumPy 1, and {partner} is installed"),
)


def _from_the_table(trouble: str) -> Check:
    """The check for the conflicts of one kind, which are all between the same two packages."""
    rows = [row for row in CONFLICTS if row.trouble == trouble]
    names = [Requirement(asked).name for asked in (rows[0].package, rows[0].partner)]

    def ask(subject: Subject) -> Answer:
        package, partner = (subject.installed.get(*_NAMES.get(name, [name])) for name in names)
        if package and partner is None and rows[0].needed:
            return error(f"{package} is here without {names[1]}")
        if package is None or partner is None:
            return ok(f"not both of {' and '.join(names)} are here")
        for row in rows:
            if package.meets(row.package) and partner.meets(row.partner):
                said = row.said.format(package=package, partner=partner)
                cure = rebuild_if_locked(subject, package.name, partner.name)
                return row.answer(said, cure=cure, version=_probability_for(partner))
        return ok(f"{partner} beside {package}")

    return check(trouble, needs=packages)(ask)


def _probability_for(tensorflow: Package) -> str:
    fit = [own for own, (oldest, newest) in _TFP.items() if tensorflow.meets(f"tensorflow>={oldest},<={newest}.99")]
    return (fit or list(_TFP))[-1]


ml_dtypes, tfp, scipy, numpy = map(_from_the_table, ("ml-dtypes", "tfp", "scipy", "numpy"))


@check("jax")
def _jax(subject: Subject) -> Answer:
    if subject.trains_on_gpu and subject.machine.environment == "cpu" and subject.plan.settings.env != "current":
        listed = ",".join(map(str, subject.machine.gpus))
        return error(
            f"the profile has `environment: cpu`, and jobs are to take GPUs ({listed or 'jax_platform: cuda'})",
            cure="snakemake train_all {set} environment=cuda12   # or, to train on the CPU: jax_platform=cpu",
        )
    if answer := packages(subject):
        return answer
    jax, jaxlib, wanted = subject.installed.get("jax"), subject.installed.get("jaxlib"), subject.wanted_flavour
    if jax is None or jaxlib is None:
        return error("JAX is not installed in the training environment", cure="{rebuild}")
    values = {"flavour": wanted, "version": jax.version}

    def wrong(found: str, package: str) -> Answer:
        return error(found, rebuild_if_locked(subject, package), **values)

    # A jaxlib may be older than its jax by what jax itself allows; the plugin must be exactly jaxlib's.
    allowed = next((asked for asked in jax.requires if asked.name == "jaxlib" and not asked.marker), None)
    if not jaxlib.meets(allowed or f"jaxlib<={jax.version}"):
        return wrong(f"{jaxlib} does not fit {jax}", "jaxlib")
    for part in filter(None, (subject.installed.get(f"jax-{wanted}-{kind}") for kind in ("plugin", "pjrt"))):
        if part.release != jaxlib.release:
            return wrong(f"{part} does not fit {jaxlib}", part.name)
    if subject.trains_on_gpu and wanted != "cpu" and subject.cuda_flavour is None:
        return wrong(f"{jaxlib} is for the CPU, and this machine trains with {wanted}", f"jax-{wanted}-plugin")
    return ok(f"{jax}, {jaxlib}, for {subject.cuda_flavour or 'CPU'}")


@check("tensorflow", needs=packages)
def _tensorflow(subject: Subject) -> Answer:
    found = subject.installed.get(*_NAMES["tensorflow"])
    if found is None:
        return ok("none here; training needs none")
    if found.name == "tensorflow-cpu" or not subject.trains_on_gpu:
        return ok(f"{found} is here and takes no GPU; training does not import it")
    return warning(f"{found}, which can take GPUs, is in the training environment")
