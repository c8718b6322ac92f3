"""The catalogue: complete in every language, used, and nothing asked for that is not in it."""

import re
from string import Formatter

import pytest
import yaml

from bridgelib.raw.rejection import REASONS
from bridgelib.raw.remarks import REMARKS
from bridgelib.report.page import SECTIONS
from bridgelib.report.sections.results import STATES
from bridgelib.report.texts import CATALOGUE, LANGUAGES, catalogue, said
from bridgelib.report.unusual import FEATURES

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("key", catalogue())
def test_every_text_is_there_in_every_language_and_says_the_same(key):
    texts = catalogue()[key]
    assert set(texts) == set(LANGUAGES) and all(text.strip() for text in texts.values())
    fields = [sorted(name for _, name, _, _ in Formatter().parse(text) if name) for text in texts.values()]
    assert all(found == fields[0] for found in fields)
    assert CHINESE.search(texts["zh"]) or texts["zh"] == "{part} / {all}"
    assert not CHINESE.search(texts["en"])


def test_every_remark_and_reason_is_explained_in_every_language():
    explained = {f"remark.{key}" for key in REMARKS} | {f"reason.{key}" for key in REASONS}
    assert explained == {key for key in catalogue() if key.startswith(("remark.", "reason."))}


def keys_asked_for(repository):
    """Keys that stand in the code, as they are or as the column of a table."""
    files = (repository / "bridgelib" / "report").rglob("*.py")
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    found = set(re.findall(r'said\(\s*"([\w.]+)"', code)) | set(re.findall(r'chip\("([\w.]+)"', code))
    found |= {f"head.{key}" for key in re.findall(r'\("(\w+)", (?:True|False)\)', code)}
    found |= {f"attention.{key}" for key in re.findall(r'of\(\s*"(?:bad|warn|note)",\s*"(\w+)"', code)}
    found |= {f"state.{state}" for state in STATES} | {f"films.{outcome}" for outcome in ("success", "failure")}
    found |= {f"unusual.{feature}.{side}" for feature in FEATURES for side in ("more", "less")}
    found |= {f"{name}.{part}" for name in SECTIONS for part in ("title", "link")}
    found |= {f"curves.{which}{means}" for which in ("validation", "training") for means in ("", "_means")}
    found |= {f"numbers.{kind}{means}" for kind in ("state", "action") for means in ("", "_means")}
    found |= {f"ladder.{who}" for who in ("expert", "replay", "relabelled", "nearest", "random")}
    found |= {f"head.{who}" for who in ("policy", "mean_action", "previous_action", "nearest_neighbour")}
    found |= {f"{prefix}{kind}" for kind in ("reason", "remark") for prefix in ("data.by_", "head.")}
    return found


def test_what_is_asked_for_is_there_and_what_is_there_is_asked_for(repository):
    written = {key for key in catalogue() if not key.startswith(("remark.", "reason."))}
    assert keys_asked_for(repository) == written


def test_no_key_stands_twice():
    keys = re.findall(r"^([\w.]+):", CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(yaml.safe_load(CATALOGUE.read_text(encoding="utf-8")))


def test_what_is_filled_in_is_escaped_and_words_in_signs_are_code():
    told = said("title", machine="<b>&")
    assert "<b>" not in told and told.count("&lt;b&gt;&amp;") == len(LANGUAGES)
    assert "<code>snakemake evaluate_all</code>" in said("evaluation.nothing")
