"""What is installed, and versions and requirements compared as packages write them."""

import pytest

from bridgelib.doctor.installed import Installed, Package, locked_versions, release


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
        ("0.66b2", "==0.66b2", True),  # and as themselves
        ("2.0rc1", "<2", False),
        ("of-my-own", ">=0.1", False),
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
    assert Package("it", version).meets(f"it{specifier}") is answer


def test_releases_are_numbers():
    assert release("580.95.05").release == (580, 95, 5) and str(release("v3.0rc1")) == "3.0" and not release("no").major
    assert release("1.9") < release("1.10") and release("1") == release("1.0.0") and release("2.1") > release("2.0.9")


@pytest.fixture
def install(tmp_path):
    """(folder, lines of its METADATA) -> the packages there are then."""

    def installed(folder: str, *lines: str) -> dict[str, Package]:
        info = tmp_path / "lib" / "python3.11" / "site-packages" / f"{folder}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("\n".join(lines))
        return dict(Installed(tmp_path).packages)

    return installed


@pytest.mark.parametrize(
    ("line", "name", "specifier", "condition"),
    [
        ("ml_dtypes>=0.5.0", "ml-dtypes", ">=0.5.0", "None"),
        ("nvidia-cudnn-cu12<10.0,>=9.8; sys_platform == 'linux' and extra == 'with-cuda'", "nvidia-cudnn-cu12",
         "<10.0,>=9.8", 'sys_platform == "linux" and extra == "with-cuda"'),
        ("jax-cuda12-plugin[with-cuda]<=0.10.2,>=0.10.2 ; extra == 'cuda12'", "jax-cuda12-plugin",
         "<=0.10.2,>=0.10.2", 'extra == "cuda12"'),
        ("numpy (>=1.21)", "numpy", ">=1.21", "None"),
        ("nvidia-nvvm ; extra == 'with-cuda'", "nvidia-nvvm", "", 'extra == "with-cuda"'),
    ],
)  # fmt: skip
def test_a_requirement_is_read(install, line, name, specifier, condition):
    (read,) = install("it-1.0", "Name: it", "Version: 1.0", f"Requires-Dist: {line}")["it"].requires
    assert (read.name, str(read.specifier), str(read.marker)) == (name, specifier, condition)


def test_packages_go_by_the_name_an_index_gives_them(install):
    found = install("ML_dtypes-0.5.3", "Name: ML_dtypes", "Version: 0.5.3", "Requires-Dist: numpy (>=1.21.*,>dev)")
    assert found == {"ml-dtypes": Package("ml-dtypes", "0.5.3")}  # what nobody can read is asked for by nobody
    assert install("ml.types-1", "Name: ml.types") == found  # half a package is none
    assert locked_versions("ML_dtypes==0.5.3 \\\n    --hash=sha256:0\nJAX==0.10.2 ; python_version > '3'\n") == {
        "ml-dtypes": "0.5.3",
        "jax": "0.10.2",
    }
