"""Experiments and data for the tests of language: small, and without TensorFlow."""

from pathlib import Path

from bridgelib.config.datasets import Dataset
from bridgelib.config.experiments import Experiment
from tests.data.synthetic import write_file

LANGUAGE_CONFIG = {"text_processor": "hashing", "text_processor_kwargs": {"model": None}}


def experiment(algorithm: str = "lc_bc", **config) -> Experiment:
    """An experiment on the dataset 'toys'; of its configuration only what concerns language."""
    config = {**(LANGUAGE_CONFIG if algorithm == "lc_bc" else {}), **config}
    return Experiment(name=f"{algorithm}_toys", algorithm=algorithm, dataset=Dataset("toys", (("**",),)), config=config)


def write_task(folder: Path, train: list[tuple[str, ...]], val: list[tuple[str, ...]] = ()) -> None:
    """TFRecords of a task with indices: one trajectory for each tuple of instructions."""
    for side, languages in (("train", train), ("val", val)):
        record = folder / side / "out.tfrecord"
        write_file(record, [1] * len(languages), languages=list(languages)).save(record)
