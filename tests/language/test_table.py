"""The language table: written once, the same bytes every time, and clear about what it does not hold."""

import json
import unicodedata

import numpy as np
import pytest

from bridgelib.errors import ConfigError, DataError
from bridgelib.language.encoder import Encoder, make_encoder
from bridgelib.language.hashing import hashed
from bridgelib.language.table import LanguageTable
from tests.raw_trees import LFS_POINTER

TEXTS = ["put carrot on plate", "open the drawer", "öffne die Schublade", "open the drawer"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "lc_bc_toys" / "language.npz"


def table(texts=TEXTS):
    return LanguageTable.of(texts, make_encoder("hashing", {}))


def test_what_is_saved_is_loaded(path):
    table().save(path)
    loaded = LanguageTable.load(path)
    assert loaded.instructions == ("", "open the drawer", "put carrot on plate", "öffne die Schublade")
    assert loaded.embeddings.dtype == np.float32 and loaded.embeddings.shape == (4, 512)
    np.testing.assert_array_equal(loaded.rows(TEXTS), hashed(TEXTS))
    assert loaded.encoder_identity == make_encoder("hashing", {}).identity()


def test_the_members_of_the_file(path):
    table().save(path)
    with np.load(path, allow_pickle=False) as archive:
        assert archive.files == ["instructions", "instructions_ends", "embeddings", "meta"]
        assert json.loads(str(archive["meta"])) == {
            "version": 2,
            "encoder": {"name": "hashing", "settings": {}, "version": 1, "model_digest": ""},
        }


def test_the_same_instructions_give_the_same_bytes(path):
    table().save(path)
    first = path.read_bytes()
    table(reversed(TEXTS)).save(path)
    assert path.read_bytes() == first


def test_the_empty_instruction_is_zeros_even_where_no_trajectory_lacks_one():
    rows = table().rows(["", "open the drawer"])
    assert not rows[0].any() and rows[1].any()
    assert table().rows([]).shape == (0, 512)


def test_each_distinct_instruction_is_embedded_once(capsys):
    seen = []
    encoder = Encoder("counting", {}, 1, "", lambda texts: seen.extend(texts) or np.ones((len(texts), 2)))
    texts = [f"instruction {number}" for number in range(600)]
    made = LanguageTable.of(texts * 3, encoder)
    assert seen == ["", *sorted(texts)] and made.embeddings.shape == (601, 2)
    assert "601/601 instructions" in capsys.readouterr().err


def test_an_unknown_instruction_says_which_rule_to_run():
    with pytest.raises(DataError, match=r"no embedding of 1 instructions, as 'fly'[\s\S]*rule embed_language"):
        table().rows(["open the drawer", "fly"])


def test_a_mapping_for_the_loader():
    mapping = table().by_instruction
    np.testing.assert_array_equal(mapping["open the drawer"], hashed(["open the drawer"])[0])
    assert "fly" not in mapping and "" in mapping


def test_a_policy_embeds_what_the_table_does_not_hold():
    embed = table().embedder()
    np.testing.assert_array_equal(embed("open the drawer"), hashed(["open the drawer"])[0])
    np.testing.assert_array_equal(embed("close the drawer"), hashed(["close the drawer"])[0])
    assert not embed("").any()


def test_a_policy_embeds_an_instruction_once_however_many_steps_it_takes(monkeypatch):
    embed, asked = table().embedder(), []
    monkeypatch.setattr(Encoder, "encode", lambda self, texts: asked.append(texts) or hashed(texts))
    for _ in range(3):
        np.testing.assert_array_equal(embed("close the drawer"), hashed(["close the drawer"])[0])
    assert asked == [["close the drawer"]]


@pytest.mark.parametrize(("key", "value"), [("version", 0), ("model_digest", "0123")])
def test_a_policy_refuses_another_encoder_than_the_tables(key, value):
    made = table()
    other = LanguageTable(made.instructions, made.embeddings, {**made.encoder_identity, key: value})
    embed = other.embedder()
    assert embed("open the drawer").any()
    with pytest.raises(ConfigError, match=rf"{key}[\s\S]*{value}, with which the language table was made"):
        embed("close the drawer")


def test_a_policy_finds_the_model_where_it_lies_now(tmp_path):
    made = LanguageTable(("",), np.zeros((1, 2), np.float32), {"name": "clip", "settings": {"model": "/there"}})
    with pytest.raises(ConfigError, match="elsewhere, where there is no folder"):
        made.embedder(str(tmp_path / "elsewhere"))("open the drawer")


def test_a_missing_table(path):
    with pytest.raises(DataError, match=r"no such language table[\s\S]*embed_language"):
        LanguageTable.load(path)


def test_a_table_of_version_1_is_read(path):
    """Policies that were exported by then hold one."""
    made = table()
    meta = json.dumps({"version": 1, "encoder": made.encoder_identity})
    path.parent.mkdir(parents=True)
    np.savez(path, instructions=np.array(made.instructions), embeddings=made.embeddings, meta=np.array(meta))
    loaded = LanguageTable.load(path)
    assert loaded.instructions == made.instructions
    np.testing.assert_array_equal(loaded.rows(TEXTS), made.rows(TEXTS))


def test_one_long_instruction_takes_its_own_room_only(path):
    long = "put the pot " * 10_000
    made = table([long, *(f"instruction {number}" for number in range(100))])
    made.save(path)
    assert path.stat().st_size < made.embeddings.nbytes + 1.1 * len(long)
    assert LanguageTable.load(path).instructions == made.instructions


def test_an_instruction_is_known_in_either_of_its_unicode_forms():
    decomposed = unicodedata.normalize("NFD", TEXTS[2])
    made = table()
    without_model = LanguageTable(made.instructions, made.embeddings, {**made.encoder_identity, "version": 0})
    assert decomposed != TEXTS[2]
    np.testing.assert_array_equal(without_model.embedder()(decomposed), made.rows([TEXTS[2]])[0])


def test_a_pointer_in_place_of_a_table(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(LFS_POINTER)
    with pytest.raises(DataError, match=r"a pointer of Git LFS[\s\S]*git lfs pull"):
        LanguageTable.load(path)


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_a_truncated_table(path, kept):
    table().save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="damaged language table"):
        LanguageTable.load(path)


@pytest.mark.parametrize(
    "members",
    [
        {"meta": np.array(json.dumps({"version": 3, "encoder": {}}))},
        {"meta": np.array("no JSON")},
        {"meta": np.array("[]")},
        {"embeddings": np.zeros((3, 512))},
        {"embeddings": np.zeros((2, 512), np.float32)},
        {"embeddings": np.float32(0)},
        {"instructions": np.array([{}], object)},
    ],
)
def test_a_file_that_is_no_such_table(path, members):
    table().save(path)
    with np.load(path) as archive:
        content = {key: archive[key] for key in archive.files}
    np.savez(path, **{**content, **members})
    with pytest.raises(DataError, match="damaged language table"):
        LanguageTable.load(path)
