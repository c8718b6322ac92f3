"""The whole workflow once; then every kind of file that it leaves is damaged in one byte, and traced."""

import json
import random
import re
import shutil
from pathlib import Path

import pytest

from bridgelib.origins import digest_of
from bridgelib.tracing.verify import Verification
from tests.workflow.conftest import SMALL_TRAINING, Workspace

PUT = "put_red_cube_on_plate"
NAME = f"lc_bc_{PUT}"
DATE = "2021-08-02_10-00-00"


@pytest.fixture(scope="module")
def lab(tmp_path_factory, repository):
    """A machine on which everything has been made, once; tests leave it as it was."""
    made = Workspace(tmp_path_factory.mktemp("traced") / "lab", repository)
    made.raw.mkdir(parents=True)
    simulation = {"tasks": [PUT], "demonstrations": 4, "dated_folders": 2, "image_size": [48, 64]}
    made.write_profile(simulation=simulation, train_proportion=0.5)
    film = {**SMALL_TRAINING["config_overrides"], "config.encoder": "convnet-3-film"}
    settings = {**SMALL_TRAINING, "config_overrides": film}
    content = {"global": settings, "runs": [{"algo": "lc_bc", "task": PUT}]}
    made.words = [f"experiments={made.write_experiments(content)}", "episodes=2"]
    made.snakemake(*made.words, "all")
    return made


def roots(lab):
    return [lab.folder / root for root in ("numpy", "tfrecord", "runs")]


def verification(lab):
    return Verification.of(roots(lab), lab.raw)


def damaged(lab):
    return list(verification(lab).damage())


KINDS = {
    "frame": f"raw/{PUT}/{DATE}/raw/traj_group0/traj0/images0/im_1.jpg",
    "pickle": f"raw/{PUT}/{DATE}/raw/traj_group0/traj1/obs_dict.pkl",
    "instruction": f"raw/{PUT}/{DATE}/raw/traj_group0/traj1/lang.txt",
    "session": f"raw/{PUT}/{DATE}/collection_metadata.json",
    "session's seal": f"raw/{PUT}/{DATE}/collection_metadata.seal.json",
    "shard": f"numpy/{PUT}/{DATE}.npz",
    "shard's report": f"numpy/{PUT}/{DATE}.report.json",
    "shard's seal": f"numpy/{PUT}/{DATE}.seal.json",
    "TFRecord": f"tfrecord/{PUT}/train/out.tfrecord",
    "index": f"tfrecord/{PUT}/val/out.index.npz",
    "split": f"tfrecord/{PUT}/split.json",
    "statistics": f"tfrecord/{PUT}/statistics.json",
    "task's report": f"tfrecord/{PUT}/report.json",
    "data report": "tfrecord/data_report.json",
    "data report as text": "tfrecord/data_report.txt",
    "language table": f"runs/{NAME}/language.npz",
    "configuration": f"runs/{NAME}/{NAME}-*/config.json",
    "metrics": f"runs/{NAME}/{NAME}-*/metrics.jsonl",
    "checkpoint": f"runs/{NAME}/{NAME}-*/checkpoints/step-*.msgpack",
    "sidecar": f"runs/{NAME}/{NAME}-*/checkpoints/step-*.json",
    "policy": f"runs/{NAME}/{NAME}-*/policy/policy.json",
    "weights": f"runs/{NAME}/{NAME}-*/policy/params.msgpack",
    "golden actions": f"runs/{NAME}/{NAME}-*/policy/golden.npz",
    "policy's language table": f"runs/{NAME}/{NAME}-*/policy/language.npz",
    "policy's seal": f"runs/{NAME}/{NAME}-*/policy/policy.seal.json",
    "done": f"runs/{NAME}/done.json",
    "evaluation": f"runs/{NAME}/evaluation.json",
    "rollouts": f"runs/{NAME}/rollouts.json",
    "picture": f"runs/{NAME}/rollouts/*.webp",
    "references": "runs/references.json",
    "success": "runs/success.json",
    "success as text": "runs/success.txt",
    "page": "runs/report/index.html",
}


def test_every_file_there_is_is_checked_and_all_are_whole(lab):
    whole = verification(lab)
    assert not list(whole.damage()) and not whole.unknown
    made = [path for root in (*roots(lab), lab.raw) for path in root.rglob("*") if path.is_file()]
    results = [path for path in made if not any(part.startswith(".") for part in path.parts)]
    kinds = {re.sub(r"\d+", "#", path.name) for path in results if not path.name.endswith(".seal.json")}
    damaged_below = {re.sub(r"\d+", "#", next(lab.folder.glob(pattern)).name) for pattern in KINDS.values()}
    assert kinds - damaged_below == {"policy_out.pkl", "agent_data.pkl"}  # as obs_dict.pkl


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_is_named_and_nothing_else(lab, kind):
    file = sorted(lab.folder.glob(KINDS[kind]))[0]
    whole, dice = file.read_bytes(), random.Random(kind)
    try:
        for place in (0, len(whole) - 1, dice.randrange(len(whole))):
            content = bytearray(whole)
            content[place] ^= 1 << dice.randrange(8)
            file.write_bytes(content)
            found = damaged(lab)
            assert [damage.file.resolve() for damage in found] == [file.resolve()], (place, found)
    finally:
        file.write_bytes(whole)


def test_the_command_names_the_record_and_fails(lab):
    file = lab.folder / KINDS["TFRecord"]
    assert "all as written" in lab.snakemake(*lab.words, "verify")[1]
    whole = file.read_bytes()
    file.write_bytes(whole[:300] + bytes([whole[300] ^ 1]) + whole[301:])
    try:
        code, output = lab.snakemake(*lab.words, "verify", check=False)
        named = [line for line in output.splitlines() if line.startswith("DAMAGED")]
        assert code != 0 and len(set(named)) == 1 and f"{KINDS['TFRecord']}: record 0, byte 0: " in named[0]
        single = lab.snakemake(*lab.words, f"of=runs/{NAME}", "verify")[1]
        assert "all as written" in single
    finally:
        file.write_bytes(whole)


def test_tensorflow_reads_in_every_record_what_was_written(lab):
    """What it reads otherwise, tests/conversion/test_second_reading.py plants."""
    done = lab.snakemake(*lab.words, "verify_records")[1]
    assert "2 files: all as written, and TensorFlow reads in them what was written" in done
    file = lab.folder / KINDS["TFRecord"]
    whole = file.read_bytes()
    file.write_bytes(whole[:300] + bytes([whole[300] ^ 1]) + whole[301:])
    try:
        code, output = lab.snakemake(*lab.words, f"of={file}", "verify_records", check=False)
        assert code != 0 and "record 0, byte 0: " in output and "1 files: 1 damaged records: remove" in output
    finally:
        file.write_bytes(whole)


def test_without_seals_what_has_checksums_of_its_own_is_checked_and_the_rest_not_known(lab, tmp_path):
    for root in (*roots(lab), lab.raw):
        shutil.copytree(root, tmp_path / root.name, symlinks=True)
    for seal in tmp_path.rglob("*.seal.json"):
        seal.unlink()
    former = Verification.of([tmp_path / root.name for root in roots(lab)], tmp_path / "raw")
    assert not list(former.damage())
    assert former.unknown[".json"] > 5 and former.unknown["raw .jpg"] > 50
    assert "not known: " in former.unknown_in_words()
    for kind in ("shard", "TFRecord", "checkpoint", "weights"):
        file = next(tmp_path.glob(KINDS[kind]))
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        assert [damage.file for damage in former.damage()] == [file]
        content[len(content) // 2] ^= 1
        file.write_bytes(content)


def test_what_is_made_again_meanwhile_is_not_named(lab):
    begun, file = verification(lab), lab.folder / KINDS["success"]
    seal = file.with_suffix(".seal.json")
    before = {path: path.read_bytes() for path in (file, seal)}
    try:
        file.write_text("{}")
        seal.unlink()
        assert not list(begun.damage())
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def trace(lab, result, *words):
    return lab.snakemake(*lab.words, f"of={result}", *words, "trace")[1]


@pytest.mark.parametrize("kind", ["picture", "page", "success as text", "weights", "evaluation", "checkpoint"])
def test_a_result_leads_back_to_the_content_ids(lab, kind):
    file = next(lab.folder.glob(KINDS[kind]))
    told = trace(lab, file.relative_to(lab.folder), "ids=all")
    split = json.loads((lab.folder / KINDS["split"]).read_text())
    entries = [*split["train"], *split["val"]]
    assert len(entries) == 4 and all(f"{entry['identity']}  {entry['name']}" in told for entry in entries)
    for step in ("train_policy", "embed_language", "numpy_to_tfrecord", "raw_to_numpy", "simulate_demonstrations"):
        assert f"{step}: " in told
    assert "ATTENTION" not in told and "not known" not in told.replace("lock not known", "")
    assert re.search(r"made +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in [\d.]+ s", told)


def test_the_whole_chain_as_json_has_a_lock_or_none_and_options_at_each_step(lab, repository):
    script = repository / "workflow_scripts" / "trace.py"
    told = lab.run(script, "--config", f"machine={lab.profile}", *lab.words, "--json", "--", f"runs/{NAME}")
    chain = json.loads(told)
    assert chain["step"] == "train_policy" and chain["options"]["algorithm"] == "lc_bc"
    assert {"at", "seconds", "host", "release", "revision", "python", "lock"} <= chain["made"].keys()
    records = next(source for source in chain["from"] if source["step"] == "numpy_to_tfrecord")
    assert records["options"]["train_proportion"] == 0.5 and len(records["from"]) == 2
    session = records["from"][0]["from"][0]
    assert session["step"] == "simulate_demonstrations" and len(session["content_ids"]) == 2


def test_what_was_made_again_since_is_said(lab):
    report = lab.folder / KINDS["task's report"]
    before = report.read_bytes()
    content = json.loads(before)
    content["origin"]["seed"] += 1
    assert digest_of(content["origin"]) != digest_of(json.loads(before)["origin"])
    try:
        report.write_text(json.dumps(content))
        told = trace(lab, f"runs/{NAME}/done.json")
        assert "ATTENTION  made again since: it is not what was read" in told
    finally:
        report.write_bytes(before)


@pytest.mark.parametrize(("of", "said"), [("runs/none", "nothing there"), ("mine.yaml", "nothing that tells")])
def test_what_cannot_be_traced_is_refused_in_words(lab, of, said):
    code, output = lab.snakemake(*lab.words, f"of={of}", "trace", check=False)
    assert code != 0 and said in output and "Traceback" not in output


def test_demonstrations_are_traced_by_their_session(lab):
    told = trace(lab, Path(KINDS["frame"]))
    assert told.count("content  ") == 2 and "simulate_demonstrations: " in told and "raw_to_numpy" not in told
