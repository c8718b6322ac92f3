"""What is refused in YAML because it may mean two things, and what users write that is not."""

import math

import pytest
import yaml

from bridgelib.config.datasets import load_datasets
from bridgelib.config.experiments import load_experiments
from bridgelib.config.machines import load_machine
from bridgelib.config.schema import read_value, read_yaml
from bridgelib.errors import ConfigError


def read(folder, text):
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return read_yaml(path)


def refusal(folder, text):
    with pytest.raises(ConfigError) as refused:
        read(folder, text)
    assert "settings.yaml, line " in refused.value.where
    return refused.value


# Each as YAML 1.1 reads it (PyYAML, Snakemake) and as YAML 1.2 does, and what to write instead.
AMBIGUOUS = [
    ("0040", "32", "40", 'write 32 or 40; for text, "0040" in quotes'),
    ("-010", "-8", "-10", 'write -8 or -10; for text, "-010" in quotes'),
    ("012", "10", "12", "write 10 or 12"),
    ("089", "text", "89", 'write 89; for text, "089" in quotes'),
    ("0o17", "text", "15", "write 15"),
    ("0b11", "3", "text", "write 3"),
    ("1_000", "1000", "text", "write 1000"),
    ("2022_03_15", "20220315", "text", '"2022_03_15" in quotes'),
    ("0x1_F", "31", "text", "write 31"),
    ("1_0.5", "10.5", "text", "write 10.5"),
    ("1:30", "90", "text", 'write 90; for text, "1:30" in quotes'),
    ("12:30:45", "45045", "text", "write 45045"),
    ("1:30.5", "90.5", "text", "write 90.5"),
    ("no", "false", "text", 'write false; for text, "no" in quotes'),
    ("Yes", "true", "text", "write true"),
    ("ON", "true", "text", "write true"),
    ("off", "false", "text", "write false"),
    ("2021-07-23", "a date", "text", 'write "2021-07-23" in quotes'),
    ("2021-13-45", "a date", "text", 'write "2021-13-45" in quotes'),  # a date that is none
    ("2021-07-23 10:00:00", "a date", "text", "in quotes"),
    ("=", "a sign", "text", 'write "=" in quotes'),
]


@pytest.mark.parametrize(("word", "earlier", "later", "do"), AMBIGUOUS)
def test_what_two_versions_of_yaml_read_differently_is_refused_with_what_to_write(tmp_path, word, earlier, later, do):
    refused = refusal(tmp_path, f"first: 1\nkey: {word}\n")
    assert refused.given == f"{word}, which YAML 1.1 reads as {earlier} and YAML 1.2 as {later}"
    assert do in refused.do and refused.where.endswith("line 2")


@pytest.mark.parametrize("word", [word for word, *_ in AMBIGUOUS if word != "2021-07-23 10:00:00"])
def test_it_is_refused_wherever_it_stands(tmp_path, word):
    for text in (f"a: [1, {word}]", f"a: {{b: [{{c: {word}}}]}}", f"? {word}\n: 1\n", f"a: &x [{word}]\nb: *x"):
        assert word in refusal(tmp_path, text).given
    with pytest.raises(ConfigError, match=r"YAML 1\.1 reads as"):
        read_value(word, "--config")


@pytest.mark.parametrize("word", [word for word, *_ in AMBIGUOUS])
def test_quoted_it_is_text(tmp_path, word):
    assert read(tmp_path, f"a: \"{word}\"\nb: '{word}'\nc: !!str {word}\n'{word}': 1\n") == {
        **dict.fromkeys("abc", word),
        word: 1,
    }
    assert read(tmp_path, f"a: |-\n  {word}\n") == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("00", 0),
        ("07", 7),  # seven in both
        ("-12", -12),
        ("+12", 12),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.5e+3", 1500.0),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("y", "y"),
        ("~/data", "~/data"),
        ("-.inf", -math.inf),
        ("0:30", "0:30"),
        ("2022-03-15_13-35-33", "2022-03-15_13-35-33"),
        ("put_carrot_2", "put_carrot_2"),
        ("toykitchen1/**", "toykitchen1/**"),
        ("none", "none"),
        ("none of them", "none of them"),
        # Text in 1.1 and a number in 1.2: the setting decides, and so `learning_rate: 1e-4` works.
        ("1e-4", "1e-4"),
        ("3E5", "3E5"),
        ("1.5e3", "1.5e3"),
        ("-.5", "-.5"),
    ],
)
def test_what_means_one_thing_is_read_as_it_always_was(tmp_path, text, value):
    assert read(tmp_path, f"key: {text}\n") == {"key": value}
    assert yaml.safe_load(f"key: {text}\n") == {"key": value}


MERGED = """\
base: &base {rate: 1, size: 2}
other: &other {size: 3, depth: 4}
one:
  <<: *base
  size: 5
both:
  <<: [*base, *other]
"""


def test_merge_keys_work_and_an_explicit_key_wins(tmp_path):
    content = read(tmp_path, MERGED)
    assert content["one"] == {"rate": 1, "size": 5}
    assert content["both"] == {"rate": 1, "size": 2, "depth": 4}  # of two merged ones the first wins


def test_a_section_whose_name_begins_with_a_dot_only_holds_what_others_merge(tmp_path):
    path = tmp_path / "e.yaml"
    steps = ".base: &base {train_batch_size: 8}\n.own: &own {config.seed: 3}\nglobal: {<<: *base, num_steps: 9}\n"
    path.write_text(f"{steps}runs:\n  - {{algo: bc, task: t, config_overrides: {{<<: *own}}}}\n")
    config = load_experiments(path, {})["bc_t"].config
    assert (config["batch_size"], config["num_steps"], config["seed"]) == (8, 9, 3)
    path.write_text("base: &base {num_steps: 8}\nglobal: {<<: *base}\nmatrix: {algos: [bc], tasks: [t]}\n")
    with pytest.raises(ConfigError, match="begin its name with a dot"):
        load_experiments(path, {})


def test_aliases_of_aliases_are_looked_at_once(tmp_path):
    """One by one it would be 2^60 of them."""
    deep = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert read(tmp_path, deep)["a1"] == [[1], [1]]


@pytest.mark.parametrize(
    ("text", "given", "do"),
    [
        ("a: &a {x: 1}\nb:\n  <<: *a\n  y: 1\n  y: 2\n", "the key 'y' is written twice", "keep one"),
        ("a: &a {x: 1}\nb:\n  <<: *a\n  <<: *a\n", "the key '<<' is written twice", "<<: [*one, *other]"),
        ("a: {x: 1, 'x': 2}", "the key 'x' is written twice", "keep one"),
        ("? [a, b]\n: c\n", "a list as a key", "put text with brackets or braces in quotes"),
        ("{a: b}: c\n", "a mapping as a key", "in quotes"),
        ("name: {{algo}}_{{task}}\n", "expected <block end>", "correct the YAML"),
        ("name: {{algo}}\n", "a mapping as a key", "in quotes"),
        ("? &a [*a]\n: 1\n", "a list as a key", "write a word"),
        ("a: &a [*a]\n", "an alias of what it lies in itself", "write it out"),
        ("a: &a\n  b: {c: *a}\n", "an alias of what it lies in itself", "write it out"),
        ("a:\n  <<: 3\n", "", "correct the YAML"),
        ("a: {x: 1\nb: 2\n", "", "correct the YAML"),
        ("a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor", "correct the YAML"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(tmp_path, text, given, do):
    refused = refusal(tmp_path, text)
    assert given in refused.given and do in refused.do


@pytest.mark.parametrize(
    "text", ["a: !!int many", "a: !!timestamp soon", "a: " + "[" * 5000, "a: !!float x", "a: !!bool may", "\0"]
)
def test_no_text_ends_in_a_traceback(tmp_path, text):
    with pytest.raises(ConfigError, match=r"settings\.yaml"):
        read(tmp_path, text)


@pytest.mark.parametrize(("text", "value"), [("[0, 1]", [0, 1]), ("a: b: c", "a: b: c"), ("0.9", 0.9), ("[", "[")])
def test_a_value_of_a_command_line_is_text_where_it_is_no_yaml(text, value):
    assert read_value(text, "--config") == value


ROOTS = "raw: raw\nnumpy: numpy\ntfrecord: tfrecord\nruns: runs\n"


def test_profiles_datasets_and_experiments_are_read_so(tmp_path, repository):
    """Merged, each of them works; with a word that means two things, each is refused."""

    def written(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    merged = written("m.yaml", f"{ROOTS}simulation: &s {{seed: 1}}\n")
    assert load_machine(str(merged), repository).simulation == {"seed": 1}
    with pytest.raises(ConfigError, match="0128"):
        load_machine(str(written("m.yaml", f"{ROOTS}im_size: 0128\n")), repository)
    base = "a: &a {include: [x], exclude: [y]}\nb: {<<: *a, include: [z]}\n"
    assert load_datasets(written("d.yaml", base))["b"].exclude == ("y",)
    with pytest.raises(ConfigError, match='"012" in quotes'):
        load_datasets(written("d.yaml", "a: {include: [012, other]}"))
    runs = (
        "global: {config_overrides: &c {config.seed: 3}}\nruns:\n  - {algo: bc, task: t, config_overrides: {<<: *c}}\n"
    )
    assert load_experiments(written("e.yaml", runs), {})["bc_t"].config["seed"] == 3
    with pytest.raises(ConfigError, match='"no" in quotes'):
        load_experiments(written("e.yaml", "matrix: {algos: [bc], tasks: [no]}"), {})


@pytest.mark.parametrize(
    "run",
    [
        "extra_args: ['--config.num_steps=1_000']",
        "extra_args: ['--config.seed 0040']",
        "extra_args: ['--config.agent_kwargs.use_proprio=yes']",
        "config_overrides: {config.dataset_kwargs.augment_kwargs.random_hue: '(012,)'}",
        "bridgedata_overrides: {include: '(2021-07-23, other)'}",
    ],
)
def test_overrides_in_the_predecessors_words_are_read_so_too(tmp_path, run):
    path = tmp_path / "e.yaml"
    path.write_text(f"runs:\n  - algo: bc\n    task: t\n    {run}\n")
    with pytest.raises(ConfigError, match=r"YAML 1\.1 reads as") as refused:
        load_experiments(path, {})
    assert "e.yaml, section 'runs', entry 1" in refused.value.where


def test_a_learning_rate_may_be_written_with_an_exponent(tmp_path):
    path = tmp_path / "e.yaml"
    overrides = "{config.agent_kwargs.learning_rate: 1e-4, config.keep_every: 1e4}"
    path.write_text(f"runs:\n  - {{algo: bc, task: t, config_overrides: {overrides}}}\n")
    config = load_experiments(path, {})["bc_t"].config
    assert config["agent_kwargs"]["learning_rate"] == 1e-4 and config["keep_every"] == 10_000


@pytest.mark.parametrize("tasks", ["[40]", "[1.50, t]", "[true]", "[~]", "[[a]]"])
def test_a_task_that_is_no_text_is_not_made_into_another(tmp_path, tasks):
    path = tmp_path / "e.yaml"
    path.write_text(f"matrix: {{algos: [bc], tasks: {tasks}}}")
    with pytest.raises(ConfigError, match="key 'tasks'"):
        load_experiments(path, {})
