"""The page in a real browser: nothing leaves it, nothing complains, it speaks both languages, sorts, plays, prints."""

import subprocess
import sys

import pytest

from tests.report.browser import axe, started
from tests.report.laboratory import Size, write_laboratory

pytestmark = pytest.mark.programs("chromium")

EXPERIMENTS = {
    "global": {"num_steps": 1000},
    "matrix": {"algos": ["bc", "gc_bc"], "tasks": ["all", "put_red_cube_on_plate"], "seeds": [0, 1]},
}


@pytest.fixture(scope="module")
def page(tmp_path_factory, repository):
    folder = tmp_path_factory.mktemp("laboratory")
    write_laboratory(folder, Size(), EXPERIMENTS)
    script, chosen = (
        repository / "workflow_scripts" / "report.py",
        ["machine=mine.yaml", "experiments=experiments.yaml"],
    )
    subprocess.run([sys.executable, script, "--config", *chosen], cwd=folder, check=True)
    return folder / "runs" / "report" / "index.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with started(tmp_path_factory.mktemp("profile")) as made:
        yield made


def words(browser) -> str:
    return browser.run("document.body.innerText")


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_nothing_leaves_the_page_and_nothing_complains(page, browser, tmp_path, width, dark, language):
    browser.events.clear()
    browser.open(page, width, dark, language)
    decoded = browser.run("Promise.all([...document.images].map((image) => image.decode())).then((all) => all.length)")
    assert decoded > 20
    browser.run("document.querySelectorAll('button').forEach((button) => button.click())")
    assert browser.run("document.documentElement.scrollWidth") <= width
    browser.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 50_000
    assert browser.requests() == [page.as_uri()]
    assert browser.complaints() == []


def test_it_speaks_the_languages_of_its_readers(page, browser):
    browser.open(page, language="zh-CN")
    assert "训练了什么" in words(browser) and "What was trained" not in words(browser)
    browser.run("document.querySelector('[data-language=en]').click()")
    assert "What was trained" in words(browser) and "训练了什么" not in words(browser)
    assert browser.run("document.documentElement.lang") == "en"


def test_tables_are_sorted_by_what_is_meant_not_by_what_is_written(page, browser):
    browser.open(page)
    column = "[...document.querySelectorAll('#results table')[0].tBodies[0].rows].map((row) => row.cells[%d].innerText)"
    place = browser.run(
        "[...document.querySelectorAll('#results table')[0].tHead.rows[0].cells]"
        ".findIndex((cell) => cell.innerText.trim() === 'success')"
    )
    press = f"document.querySelectorAll('#results table')[0].tHead.rows[0].cells[{place}].firstChild.click()"
    orders = []
    for _ in range(2):
        browser.run(press)
        orders.append([float(text.rstrip(" %")) for text in browser.run(column % place)])
    assert orders[0] == sorted(orders[0], reverse=True) != orders[1] == sorted(orders[1])
    assert browser.run("document.querySelector('#results th[aria-sort]').ariaSort") == "ascending"


def test_a_film_plays_and_ends_with_its_last_frame(page, browser):
    browser.open(page)
    at = "document.querySelector('.film').style.getPropertyValue('--at')"
    last = browser.run(at)
    browser.run("document.querySelector('.film').click()")
    assert browser.run(at) == "0" != last
    assert browser.run(f"new Promise((done) => setTimeout(() => done({at}), 700))") not in ("0", last)
    browser.run("document.querySelector('.film').click()")
    assert browser.run(at) == last


def test_what_data_say_is_shown_and_not_carried_out(page, browser):
    browser.open(page)
    assert "</script><script>alert(1)</script><b>&amp;" in words(browser)


def test_it_prints(page, browser):
    browser.open(page, dark=True)
    printed = browser("Page.printToPDF")["data"]
    assert len(printed) > 50_000
    browser("Emulation.setEmulatedMedia", media="print")
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    browser("Emulation.setEmulatedMedia", media="")


@pytest.fixture(scope="module")
def checker(tmp_path_factory):
    return axe(tmp_path_factory.mktemp("axe"))


@pytest.mark.programs("npm")
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_everybody_can_read_it(page, browser, checker, language, dark, width):
    """axe-core: contrast, headings, names of everything that can be pressed."""
    browser.open(page, width, dark, language)
    browser.run(checker)
    found = browser.run("axe.run().then(({violations, passes}) => ({violations, passes}))")
    told = [(each["id"], *(node["html"][:200] for node in each["nodes"][:3])) for each in found["violations"]]
    assert told == []
    assert {"color-contrast", "heading-order"} <= {each["id"] for each in found["passes"]}
