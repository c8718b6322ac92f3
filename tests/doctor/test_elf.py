"""Reading what a library asks the loader for, checked against the loader itself and against binutils."""

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridgelib.doctor.elf import contains, names_in, read_library
from tests.doctor.shared_objects import write_library


def test_a_written_library_is_read_back_and_loads(tmp_path):
    write_library(tmp_path / "inner" / "libinner.so.1", soname="libinner.so.1")
    outer = write_library(
        tmp_path / "libouter.so",
        soname="libouter.so.2",
        needed=["libinner.so.1"],
        runpath="$ORIGIN/inner:/opt/other",
        content=b"\0__nvJitLinkCreate_12_9\0",
    )
    library = read_library(outer)
    assert (library.soname, library.needed) == ("libouter.so.2", ("libinner.so.1",))
    assert library.runpath == (f"{tmp_path}/inner", "/opt/other") and library.rpath == ()
    ctypes.CDLL(str(outer))  # the loader finds libinner through the run path
    assert f"{tmp_path}/inner/libinner.so.1" in Path("/proc/self/maps").read_text()
    assert contains(outer, b"JitLink") and not contains(outer, b"JitLunk")
    assert names_in(outer, b"__nvJit") == {"__nvJitLinkCreate_12_9"}


@pytest.mark.programs("gcc", "readelf")
def test_it_reads_what_binutils_reads(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int one(void) { return 1; }")
    for flag in ("--enable-new-dtags", "--disable-new-dtags"):
        made = tmp_path / f"lib{flag}.so"
        options = [
            "-shared",
            "-fPIC",
            "-Wl,-soname,liba.so.3",
            f"-Wl,{flag}",
            "-Wl,-rpath,$ORIGIN/x:/y",
            "-lm",
            "-Wl,--no-as-needed",
        ]
        subprocess.run(["gcc", str(source), *options, "-o", str(made)], check=True)
        told = subprocess.run(["readelf", "-d", str(made)], capture_output=True, text=True, check=True).stdout
        library = read_library(made)
        assert list(library.needed) == re.findall(r"\(NEEDED\).*\[(.*)\]", told)
        paths = re.findall(r"\((RPATH|RUNPATH)\).*\[(.*)\]", told)
        assert paths == [("RUNPATH" if "enable" in flag else "RPATH", "$ORIGIN/x:/y")]
        assert (library.runpath if "enable" in flag else library.rpath) == (f"{tmp_path}/x", "/y")


def test_what_is_no_library_is_none(tmp_path):
    whole = write_library(tmp_path / "whole.so", soname="libx.so").read_bytes()
    for name, content in {"empty": b"", "text": b"#!/bin/sh\n", "cut": whole[:100], "header": whole[:64]}.items():
        (tmp_path / name).write_bytes(content)
        assert read_library(tmp_path / name) is None, name
    assert read_library(tmp_path / "absent") is None
    assert read_library(tmp_path) is None


def test_the_interpreter_itself_can_be_read():
    # Python, or the libpython it loads, asks for the C library.
    library = read_library(Path(sys.executable).resolve())
    assert library is not None and any(name.startswith("libc.so") for name in library.needed)
