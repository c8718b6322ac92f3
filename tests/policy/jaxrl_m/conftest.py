"""The script, what it refuses, and a small checkpoint."""

import pytest

from bridgelib.commands import convert_checkpoint
from bridgelib.config.algorithms.encoders import ENCODERS, Architecture
from bridgelib.errors import run_program
from tests.policy.jaxrl_m.predecessor import configuration, saved, small_weights, their_agent


@pytest.fixture(scope="module", autouse=True)
def tiny_encoder():
    """Encoders of one block, known by the names `tiny` and `tiny-film`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENCODERS, "tiny", Architecture((1,)))
        patch.setitem(ENCODERS, "tiny-film", Architecture((1,), use_film=True))
        yield


@pytest.fixture(scope="session")
def convert():
    """The program's main function."""
    return lambda *arguments: convert_checkpoint.main([str(argument) for argument in arguments])


@pytest.fixture
def refusal(convert, capsys):
    """What the script prints where it refuses: one error, no traceback."""

    def refusal(*arguments):
        with pytest.raises(SystemExit) as ended:
            run_program(lambda: convert(*arguments))
        assert ended.value.code == 2
        printed = capsys.readouterr().err
        assert printed.startswith(("ConfigError: ", "DataError: ")) and "Traceback" not in printed
        return printed

    return refusal


@pytest.fixture(scope="module")
def small(tmp_path_factory, tiny_encoder):
    """A small bc, saved by flax, and its configuration."""
    folder = tmp_path_factory.mktemp("small")
    params = small_weights("bc")
    return saved(their_agent(params, params, step=7), folder), configuration(folder / "config.json", "bc")
