"""Versions and requirements, compared as packages write them."""

import pytest

from bridgelib.doctor.versions import compared, normalised, release, requirement, satisfies


@pytest.mark.parametrize(
    ("version", "specifier", "answer"),
    [
        ("0.4.13+cuda12.cudnn89", "==0.4.13", True),
        ("9.28.0.42", "<10.0,>=9.8", True),
        ("8.9.7.29", "<10.0,>=9.8", False),
        ("12.10.1", ">=12.6.85", True),  # numbers, not letters
        ("12.6.85", ">=12.6.85", True),
        ("12.6.9", ">=12.6.85", False),
        ("1.11.4", "!=1.11.0,>=1.10,<1.12", True),
        ("0.3.2", "~=0.3.1", True),
        ("0.4.0", "~=0.3.1", False),
        ("0.9", "~=0.3", True),
        ("12.2.140", "==12.2.*", True),
        ("12.20.1", "==12.2.*", False),
        ("12.3.0", "!=12.2.*", True),
        ("2.0", "==2", True),
        ("2.0.0rc1", ">=2", True),  # pre-releases count as their release
        ("1.0", "", True),
        ("1", ">0.9, <2", True),
        ("2.0", "<2", False),
        ("2.0", ">2", False),
        ("2.0.1", "<=2.0", False),
        ("2.0", "===2.0.1", False),
        ("0.3.0", "~=0.3.1", False),
    ],
)
def test_a_version_meets_a_specifier(version, specifier, answer):
    assert satisfies(version, specifier) is answer


def test_releases_are_numbers():
    assert release("580.95.05") == (580, 95, 5) and release("v3.0rc1") == (3, 0) and release("unknown") == ()
    assert [compared(*pair) for pair in [("1.9", "1.10"), ("1", "1.0.0"), ("2.1", "2.0.9")]] == [-1, 0, 1]


@pytest.mark.parametrize(
    ("line", "name", "specifier", "condition"),
    [
        ("ml_dtypes>=0.5.0", "ml-dtypes", ">=0.5.0", ""),
        ("nvidia-cudnn-cu12<10.0,>=9.8; sys_platform == 'linux' and extra == 'with-cuda'", "nvidia-cudnn-cu12",
         "<10.0,>=9.8", "sys_platform == 'linux' and extra == 'with-cuda'"),
        ("jax-cuda12-plugin[with-cuda]<=0.10.2,>=0.10.2 ; extra == 'cuda12'", "jax-cuda12-plugin",
         "<=0.10.2,>=0.10.2", "extra == 'cuda12'"),
        ("numpy (>=1.21)", "numpy", ">=1.21", ""),
        ("nvidia-nvvm ; extra == 'with-cuda'", "nvidia-nvvm", "", "extra == 'with-cuda'"),
    ],
)  # fmt: skip
def test_a_requirement_is_read(line, name, specifier, condition):
    read = requirement(line)
    assert (read.name, read.specifier, read.condition) == (name, specifier, condition)


def test_names_are_those_of_an_index():
    assert normalised("ML_dtypes") == normalised("ml.dtypes") == "ml-dtypes"
