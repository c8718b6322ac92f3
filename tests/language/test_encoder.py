"""Encoders behind one name; stand-ins for the libraries of those with a model check how they are called."""

import sys
import tomllib
from types import SimpleNamespace

import numpy as np
import pytest

from bridgelib.errors import ConfigError, DataError
from bridgelib.language.encoder import Encoder, make_encoder
from bridgelib.language.pretrained import digest_of_files

TEXTS = ["open the drawer", "", "put carrot on plate"]
LIBRARIES = {
    "muse": ("tensorflow_hub", "tensorflow_text"),
    "sentence-transformer": ("sentence_transformers",),
    "clip": ("torch", "transformers"),
}


def lengths(texts):
    """What the stand-ins embed a text as: [its length, 3, 4], never zero."""
    return np.array([[len(text), 3, 4] for text in texts], np.float64)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    (folder / ".git").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(b"weights")
    (folder / "modules.json").write_text("[]")
    return folder


@pytest.fixture
def install(monkeypatch):
    def installed(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)

    return installed


def test_hashing_is_made_from_the_default_configuration():
    encoder = make_encoder("hashing", {"model": None})
    embeddings = encoder.encode(TEXTS)
    assert embeddings.shape == (3, 512) and embeddings.dtype == np.float32
    assert not embeddings[1].any() and embeddings[0].any() and embeddings[2].any()
    assert encoder.identity() == {"name": "hashing", "settings": {}, "version": 1, "model_digest": ""}


def test_muse_from_a_folder(model, install):
    hub = SimpleNamespace(
        resolve=lambda handle: handle,
        load=lambda handle: (
            lambda texts: SimpleNamespace(numpy=lambda: lengths(texts)) if handle == str(model) else None
        ),
    )
    install(tensorflow_hub=hub, tensorflow_text=SimpleNamespace())
    encoder = make_encoder("muse_embedding", {"model": str(model)})
    np.testing.assert_array_equal(encoder.encode(TEXTS), [[15, 3, 4], [0, 0, 0], [19, 3, 4]])
    assert not encoder.encode([" \t"]).any()
    assert encoder.name == "muse"
    assert encoder.model_digest == digest_of_files(model)


def test_muse_from_its_url_uses_the_folder_it_was_downloaded_to(model, install):
    handles = []
    hub = SimpleNamespace(
        resolve=lambda handle: handles.append(handle) or str(model),
        load=lambda handle: handles.append(handle) or (lambda texts: SimpleNamespace(numpy=lambda: lengths(texts))),
    )
    install(tensorflow_hub=hub, tensorflow_text=SimpleNamespace())
    encoder = make_encoder("muse", {})
    assert handles == ["https://tfhub.dev/google/universal-sentence-encoder-multilingual/3", str(model)]
    assert encoder.settings == {"model": handles[0]}
    assert encoder.model_digest == digest_of_files(model)


def test_muse_whose_url_is_out_of_reach(install):
    def unreachable(handle):
        raise OSError("Name or service not known")

    install(tensorflow_hub=SimpleNamespace(resolve=unreachable), tensorflow_text=SimpleNamespace())
    with pytest.raises(ConfigError, match=r"tfhub\.dev[\s\S]*not known[\s\S]*download the model by hand"):
        make_encoder("muse", {})


def test_sentence_transformer(model, install):
    class SentenceTransformer:
        def __init__(self, folder, *, device, local_files_only):
            assert (folder, device, local_files_only) == (str(model), "cpu", True)

        def encode(self, texts, *, convert_to_numpy, normalize_embeddings, show_progress_bar):
            assert isinstance(texts, list) and convert_to_numpy and normalize_embeddings and not show_progress_bar
            return lengths(texts)

    install(sentence_transformers=SimpleNamespace(SentenceTransformer=SentenceTransformer))
    encoder = make_encoder("sentence-transformer", {"model": str(model)})
    np.testing.assert_array_equal(encoder.encode(TEXTS), [[15, 3, 4], [0, 0, 0], [19, 3, 4]])
    (model / "modules.json").unlink()
    with pytest.raises(ConfigError, match=r"no modules\.json"):
        make_encoder("sentence-transformer", {"model": str(model)})


def clip_library(model, missing=()):
    """Stand-ins for torch and transformers."""

    class NoGrad:
        active = 0

        def __enter__(self):
            NoGrad.active += 1

        def __exit__(self, *error):
            NoGrad.active -= 1

    def tokenizer(texts, *, padding, truncation, return_tensors):
        assert padding and truncation and return_tensors == "pt"
        return {"input_ids": texts, "attention_mask": None}

    class TextModel:
        training = True

        def eval(self):
            self.training = False

        def __call__(self, *, input_ids, attention_mask):
            assert NoGrad.active and not self.training
            return SimpleNamespace(text_embeds=SimpleNamespace(numpy=lambda: lengths(input_ids)))

    def from_pretrained(made):
        def load(folder, *, local_files_only, output_loading_info=False):
            assert folder == str(model) and local_files_only
            return (made, {"missing_keys": list(missing)}) if output_loading_info else made

        return SimpleNamespace(from_pretrained=load)

    transformers = SimpleNamespace(
        CLIPTokenizer=from_pretrained(tokenizer), CLIPTextModelWithProjection=from_pretrained(TextModel())
    )
    return {"torch": SimpleNamespace(no_grad=NoGrad), "transformers": transformers}


def test_clip(model, install):
    install(**clip_library(model))
    embeddings = make_encoder("clip", {"model": str(model)}).encode(TEXTS)
    length = np.sqrt(15**2 + 25)
    np.testing.assert_allclose(embeddings[0], [15 / length, 3 / length, 4 / length], rtol=1e-6)
    assert not embeddings[1].any()


def test_a_folder_without_clip_weights_is_not_filled_with_random_ones(model, install):
    install(**clip_library(model, missing=["text_projection.weight"]))
    with pytest.raises(ConfigError, match=r"weights .* missing in it, as text_projection\.weight"):
        make_encoder("clip", {"model": str(model)})


@pytest.mark.parametrize(
    ("name", "package"), [(name, package) for name, packages in LIBRARIES.items() for package in packages]
)
def test_a_missing_package_is_named_with_its_extra(name, package, model, install):
    present = {other: SimpleNamespace() for other in LIBRARIES[name] if other != package}
    install(**present, **{package: None})  # None in sys.modules: importing it fails as if it were not installed
    with pytest.raises(ConfigError) as raised:
        make_encoder(name, {"model": str(model)})
    assert f"'{package}'" in str(raised.value) and str(model) in str(raised.value)
    assert f"--extra {name}" in str(raised.value)


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_extra_installs_the_packages(name, repository):
    extras = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    installed = {requirement.split(">=")[0].replace("-", "_") for requirement in extras[name]}
    assert installed >= set(LIBRARIES[name])


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_missing_folder_is_named_before_any_package(name, tmp_path):
    with pytest.raises(ConfigError, match="no-such-model, where there is no folder"):
        make_encoder(name, {"model": str(tmp_path / "no-such-model")})


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("hashin", {}, "did you mean 'hashing'"),
        (None, {}, "the encoder 'None'"),
        ("clip", {}, "no key 'model'"),
        ("clip", None, "no key 'model'"),
        ("muse", {"modell": "x"}, "did you mean 'model'"),
        ("muse", {"model": 3}, "allowed: text"),
        ("hashing", {"model": "x"}, "unknown key 'model'"),
    ],
)
def test_settings_that_cannot_be_used(name, settings, message):
    with pytest.raises(ConfigError, match=message):
        make_encoder(name, settings)


@pytest.mark.parametrize("answer", [np.ones((3, 2, 2)), np.ones((2, 5)), np.array([[1.0], [np.nan], [2.0]])])
def test_a_model_that_gives_something_else(answer):
    with pytest.raises(DataError, match="one vector of finite numbers per instruction"):
        Encoder("muse", {}, 1, "", lambda texts: answer).encode(TEXTS)


def test_the_digest_of_a_model_changes_with_its_content_and_names_only(model):
    before = digest_of_files(model)
    (model / ".git" / "HEAD").write_text("main")
    (model / "weights.bin").touch()
    assert digest_of_files(model) == before
    (model / "weights.bin").rename(model / "weight.bin")
    renamed = digest_of_files(model)
    (model / "weight.bin").write_bytes(b"weightz")
    assert len({before, renamed, digest_of_files(model)}) == 3
