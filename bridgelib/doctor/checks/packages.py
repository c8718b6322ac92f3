"""Packages of the training environment: is it built, is it what was locked, do its parts fit each other."""

import os
from collections.abc import Iterator
from pathlib import Path

from bridgelib.doctor.check import Answer, check, error, not_checked, note, ok, warning
from bridgelib.doctor.distributions import locked_versions
from bridgelib.doctor.elf import contains
from bridgelib.doctor.subject import REFUSED, Subject
from bridgelib.doctor.versions import compared, satisfies
from bridgelib.layout import portable_path

_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly")
# TensorFlow Probability: the releases of TensorFlow it works with, from its release notes and issue 1752.
_TFP = {
    "0.25": ("2.18", None),
    "0.24": ("2.16", "2.17"),
    "0.23": ("2.15", "2.15"),
    "0.22": ("2.14", "2.15"),
    "0.21": ("2.13", "2.13"),
    "0.20": ("2.12", "2.12"),
    "0.19": ("2.11", "2.11"),
}
_TFP_FOR = {"2.18": "0.25.0", "2.16": "0.24.0", "2.15": "0.22.1", "2.14": "0.22.1", "2.13": "0.21.0", "2.12": "0.20.1"}
# The users' verified older stack has ml-dtypes 0.5 beside TensorFlow 2.15, whose own pin forbids it; it works.
_KNOWN_TO_WORK = {("tensorflow", "ml-dtypes"), ("tensorflow-cpu", "ml-dtypes")}
_LAST_JAX_WITH_TRIL = "0.4.17"
_FIRST_JAXLIB_WITH_NUMPY_2 = "0.4.26"


def _missing(subject: Subject) -> Answer | None:
    """The answer of checks that need the environment, where it is not built."""
    return not_checked(subject.not_built) if subject.not_built else None


@check("environment")
def environment(subject: Subject) -> Answer:
    """Is it built, and does its Python start?"""
    where = portable_path(subject.environment)
    if subject.not_built == REFUSED:
        return not_checked(REFUSED)
    python = subject.environment / "bin" / "python"
    if not os.path.exists(subject.environment):  # noqa: PTH110 (a folder that may not be entered is no error here)
        return note(f"{where} is not built yet; it is when a job first needs it")
    if python.is_symlink() and not os.access(python, os.X_OK):
        leads = os.path.realpath(python)
        return error(
            f"the Python of {where}, {leads}, is gone, or another user's in a folder of theirs", cure="{rebuild}"
        )
    if not subject.is_built:
        return error(f"{where} has no Python or no packages: its building was interrupted", cure="{rebuild}")
    if problem := subject.probe.get("problem"):
        return error(f"the Python of {where} does not start: {problem}", cure="{rebuild}")
    stamp = subject.environment / ".ready"
    if subject.lock is not None and not stamp.exists():
        return note(f"{where} is not finished; the next run builds it anew")
    count = len(subject.installed.distributions)
    return ok(f"{where}: Python {subject.probe['version']}, {count} packages")


@check("lock")
def lock(subject: Subject) -> Answer:
    """Is every locked package there in its locked version?"""
    if answer := _missing(subject):
        return answer
    if subject.lock is None:
        return not_checked(f"{portable_path(subject.environment)} was not built from a lock")
    text = subject.lock.read_text(encoding="utf-8")
    stamp = subject.environment / ".ready"
    if stamp.exists() and stamp.read_text(encoding="utf-8") != text:
        return note(
            f"{portable_path(subject.lock)} has changed since; the next run builds the environment anew",
            cure="snakemake environments{config}",
        )
    pins = locked_versions(text)
    other = [
        f"{name} {subject.installed.version(name) or 'missing'} (locked: {version})"
        for name, version in sorted(pins.items())
        if subject.installed.version(name) != version
    ]
    if other:
        more = f" and {len(other) - 5} more" if len(other) > 5 else ""
        return warning(f"not as locked: {', '.join(other[:5])}{more}")
    return ok(f"all {len(pins)} packages as in {portable_path(subject.lock)}")


@check("origin")
def origin(subject: Subject) -> Answer:
    """Would jobs import JAX and its companions from this environment?"""
    if answer := _missing(subject):
        return answer
    if problem := subject.probe.get("problem"):
        return not_checked(problem)
    packages = subject.probe["packages"]
    home = subject.environment.resolve()
    foreign = {name: path for name, path in packages.items() if not Path(path).resolve().is_relative_to(home)}
    if foreign:
        name, path = next(iter(foreign.items()))
        # The launcher removes PYTHONPATH and the user's site; then only the environment's own .pth files lead away.
        cure = None if subject.job_environ.get("PYTHONPATH") else "{rebuild}"
        return error(f"{', '.join(foreign)} would be imported from elsewhere: {name} from {path}", cure=cure)
    return ok(f"{len(packages)} packages looked up, all in {portable_path(subject.environment)}")


@check("requirements")
def requirements(subject: Subject) -> Iterator[Answer]:
    """Does each package find the partners it asks for? Requirements under a condition are left out."""
    if answer := _missing(subject):
        yield answer
        return
    checked, wrong = 0, False
    for package in subject.installed.distributions.values():
        for asked in package.requires:
            partner = subject.installed.get(asked.name)
            if asked.condition or partner is None or (package.name, asked.name) in _KNOWN_TO_WORK:
                continue
            checked += 1
            if not satisfies(partner.version, asked.specifier):
                wrong = True
                yield warning(
                    f"{package} asks for {asked.name}{asked.specifier}, and {partner} is installed",
                    requirement=f"{asked.name}{asked.specifier}",
                )
    if not wrong:
        yield ok(f"{checked} requirements are met")


@check("ml-dtypes")
def ml_dtypes(subject: Subject) -> Answer:
    """Has ml_dtypes float8_e3m4, where something asks for it?"""
    if answer := _missing(subject):
        return answer
    types, user = subject.installed.get("ml-dtypes"), subject.installed.get("tensorstore")
    if types is None:
        return ok("no ml_dtypes here") if user is None else error(f"{user} is here without ml_dtypes")
    folder = subject.installed.site_packages
    has_type = compared(types.version, "0.5.0") >= 0
    needs = user is not None and (
        compared(user.version, "0.1.68") >= 0
        or any(contains(path, b"float8_e3m4") for path in sorted(folder.glob("tensorstore/*.so")))
    )
    if has_type or not needs:
        return ok(f"{types}{f' beside {user}' if user else ''}")
    return error(f"{types} has no float8_e3m4, which {user} needs", cure=_rebuild_if_locked(subject, "ml-dtypes"))


@check("tfp")
def tensorflow_probability(subject: Subject) -> Answer:
    """Does TensorFlow Probability fit TensorFlow?"""
    if answer := _missing(subject):
        return answer
    probability, tensorflow = subject.installed.get("tensorflow-probability"), subject.installed.first(*_TENSORFLOWS)
    if probability is None or tensorflow is None:
        return ok("not both of TensorFlow and TensorFlow Probability are here")
    oldest, newest = _TFP.get(".".join(probability.version.split(".")[:2]), (None, None))
    too_old = newest and not satisfies(tensorflow.version, f"<={newest}.99")
    fitting = next((fit for since, fit in _TFP_FOR.items() if compared(tensorflow.version, since) >= 0), "0.20.1")
    if too_old:
        return error(f"{probability} does not fit {tensorflow}, it knows none after {newest}", version=fitting)
    if oldest and compared(tensorflow.version, oldest) < 0:
        found = f"{probability} wants TensorFlow {oldest} or newer, and {tensorflow} is here: only its JAX half works"
        return warning(found, version=fitting)
    return ok(f"{probability} fits {tensorflow}")


@check("scipy")
def scipy(subject: Subject) -> Answer:
    """Has SciPy what this JAX uses?"""
    if answer := _missing(subject):
        return answer
    jax, partner = subject.installed.get("jax"), subject.installed.get("scipy")
    if jax is None or partner is None:
        return not_checked("JAX or SciPy is not installed")
    if compared(jax.version, _LAST_JAX_WITH_TRIL) <= 0 and compared(partner.version, "1.13") >= 0:
        return error(f"{partner} has no scipy.linalg.tril, which {jax} uses")
    return ok(f"{partner} beside {jax}")


@check("numpy")
def numpy(subject: Subject) -> Answer:
    """Was jaxlib made for this NumPy?"""
    if answer := _missing(subject):
        return answer
    jaxlib, partner = subject.installed.get("jaxlib"), subject.installed.get("numpy")
    if jaxlib is None or partner is None:
        return not_checked("jaxlib or NumPy is not installed")
    if compared(partner.version, "2") >= 0 and compared(jaxlib.version, _FIRST_JAXLIB_WITH_NUMPY_2) < 0:
        return error(f"{jaxlib} was compiled for NumPy 1, and {partner} is installed")
    return ok(f"{partner} beside {jaxlib}")


@check("jax")
def jax_versions(subject: Subject) -> Answer:
    """Are jax, jaxlib and the CUDA plugin of one version, and is the plugin there where a GPU is meant?"""
    if subject.trains_on_gpu and subject.machine.environment == "cpu" and subject.settings.env != "current":
        listed = ",".join(map(str, subject.machine.gpus))
        return error(
            f"the profile has `environment: cpu`, and jobs are to take GPUs ({listed or 'jax_platform: cuda'})",
            cure="snakemake train_all {set} environment=cuda12   # or, to train on the CPU: jax_platform=cpu",
        )
    if answer := _missing(subject):
        return answer
    jax, jaxlib = subject.installed.get("jax"), subject.installed.get("jaxlib")
    wanted = subject.wanted_flavour
    values = {"flavour": wanted, "version": jax.version if jax else "0.10.2"}
    if jax is None or jaxlib is None:
        return error("JAX is not installed in the training environment", cure="{rebuild}")
    parts = [subject.installed.get(f"jax-{wanted}-{part}") for part in ("plugin", "pjrt")]
    for part in (jaxlib, *(part for part in parts if part is not None)):
        # A jaxlib may be older than its jax by what jax itself allows; the plugin must be exactly jaxlib's.
        partner = jax if part is jaxlib else jaxlib
        if part is jaxlib:
            asked = (entry for entry in jax.requires if entry.name == "jaxlib" and not entry.condition)
            allowed = next((entry.specifier for entry in asked), f"<={jax.version}")
            fits = satisfies(jaxlib.version, allowed)
        else:
            fits = compared(part.version, partner.version) == 0
        if not fits:
            return error(f"{part} does not fit {partner}", cure=_rebuild_if_locked(subject, part.name), **values)
    if subject.trains_on_gpu and wanted != "cpu" and subject.cuda_flavour is None:
        found = f"{jaxlib} is for the CPU, and this machine trains with {wanted}"
        return error(found, cure=_rebuild_if_locked(subject, f"jax-{wanted}-plugin"), **values)
    kind = subject.cuda_flavour or "CPU"
    return ok(f"{jax}, {jaxlib}, for {kind}")


@check("tensorflow")
def tensorflow_beside_jax(subject: Subject) -> Answer:
    """Is there a TensorFlow that would take GPUs?"""
    if answer := _missing(subject):
        return answer
    found = subject.installed.first(*_TENSORFLOWS)
    if found is None:
        return ok("none here; training needs none")
    if found.name == "tensorflow-cpu" or not subject.trains_on_gpu:
        return ok(f"{found} is here and takes no GPU; training does not import it")
    return warning(f"{found}, which can take GPUs, is in the training environment")


@check("proprio")
def proprio(subject: Subject) -> Answer:
    """Is there a jaxrl_m that joins proprio without flattening it?"""
    if answer := _missing(subject):
        return answer
    for folder in _import_folders(subject):
        encoding = folder / "jaxrl_m" / "common" / "encoding.py"
        try:
            text = encoding.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if "proprio" in text and "reshape" not in text:
            return warning(f"{encoding} joins proprio without flattening it; scripts that import it fail")
    using = [entry.name for entry in subject.experiments if entry.config["agent_kwargs"].get("use_proprio")]
    return ok(f"flattened to (B, T*P) before it is joined; {len(using)} experiments use proprio")


def _import_folders(subject: Subject) -> list[Path]:
    """site-packages, and the folders that its `.pth` files and PYTHONPATH add."""
    folder = subject.installed.site_packages
    lines = [
        line
        for path in sorted(folder.glob("*.pth"))
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    added = [folder / line.strip() for line in lines if line.strip() and not line.startswith(("#", "import "))]
    return [folder, *(path for path in added if path.is_dir())]


def _rebuild_if_locked(subject: Subject, package: str) -> str | None:
    """`{rebuild}` where the lock has another version than is installed, so that making it anew cures; else None."""
    if subject.lock is None:
        return None
    pins = locked_versions(subject.lock.read_text(encoding="utf-8"))
    return "{rebuild}" if pins.get(package, "") != subject.installed.version(package) else None
