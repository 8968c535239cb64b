"""The desk's page in a real browser: a forecaster's work on it, from the first cycle to the next; hostile texts.

Screenshots are left in build/desk.
"""

import itertools
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import desk_case
import numpy as np
import pytest
import xarray as xr

from nowcast import io
from nowcast.desk import Log, _server_api
from nowcast.desk._server import Server

webdriver = pytest.importorskip("selenium.webdriver", reason="the desk is tested with selenium")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium and chromedriver on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PICTURES = Path(__file__).parents[2] / "build" / "desk"
HOSTILE = "<img src=x onerror='window.hacked=1'>\"';{0}&amp;<script>window.hacked=1</script>"
LATE = 60.0  # s to wait for what a busy machine does late


class Page:
    """The page in a browser."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def js(self, code: str, *given: Any) -> Any:
        return self.browser.execute_script(code, *given)

    def wait(self, what: Callable[[], Any]) -> Any:
        """What is true in the end."""
        until = time.monotonic() + LATE
        while time.monotonic() < until:
            if made := what():
                return made
            time.sleep(0.05)
        raise AssertionError(f"still not: {what}; the page says {self.text('told')!r}; {self.js(SEEN)}")

    def open(self, url: str) -> None:
        self.browser.get(url)
        self.wait(lambda: self.js("return document.body?.dataset.painted"))

    def id(self, name: str) -> Any:
        return self.browser.find_element("id", name)

    def text(self, name: str) -> str:
        return str(self.id(name).text)

    def type(self, name: str, words: str) -> None:
        self.id(name).clear()
        self.id(name).send_keys(words)

    def pick(self, name: str, value: str) -> None:
        self.id(name).find_element("css selector", f"option[value='{value}']").click()

    def press(self, keys: str) -> None:
        """Keys on the page, no field being in focus."""
        self.js("document.activeElement.blur()")
        self.browser.find_element("tag name", "body").send_keys(keys)

    def click_map(self, *shares: tuple[float, float]) -> None:
        """Click the first map at shares of its width and height."""
        place = self.id("map-first")
        for x, y in shares:
            dx, dy = (x - 0.5) * place.size["width"], (y - 0.5) * place.size["height"]
            webdriver.ActionChains(self.browser, duration=0).move_to_element_with_offset(
                place, dx, dy
            ).click().perform()

    def active(self) -> int:
        """Edits that act, by the page's log."""
        return len(self.browser.find_elements("css selector", "#log li:not(.undone):not(.empty)"))

    def picture(self) -> str:
        """What the first map shows of the field."""
        return str(self.js("return document.querySelector('#map-first canvas.leaflet-image-layer').toDataURL()"))

    def keep(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.browser.save_screenshot(str(PICTURES / f"{name}.png"))


SEEN = "return document.body.dataset.painted"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with io.isolated():
        folder = tmp_path_factory.mktemp("desk")
        desk_case.make(folder)
        yield folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for one in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "window-size=1500,950",
        "lang=en",
    ):
        options.add_argument(f"--{one}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield made
    made.quit()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    one = Page(browser)
    yield one
    told = browser.get_log("browser")
    assert [
        line["message"] for line in told if line["level"] == "SEVERE" and "400 (Bad Request)" not in line["message"]
    ] == []


@pytest.fixture
def desk(case: Path, tmp_path: Path) -> Iterator[Server]:
    with Server(case / "out", log=tmp_path / "edits.jsonl", suggestions=tmp_path / "suggested.json") as server:
        yield server


@pytest.fixture
def served(case: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A desk whose log the cycles read, just after they ran."""
    monkeypatch.setattr(_server_api, "_now", lambda: "2026-06-01T06:41:00Z")
    with Server(case / "out", log=case / "edits.jsonl") as server:
        yield server


def test_a_forecasters_work(page: Page, served: Server, case: Path) -> None:
    page.open(served.url)
    page.keep("cycle")
    page.type("author", "Li")
    # A polygon in which rain is scaled.
    page.press("p")
    page.click_map((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
    page.press("\ue007")  # Enter
    assert "4 points" in page.text("hint")
    page.type("reason", "gauges say more")
    page.type("value-by", "1.3")
    page.keep("polygon")
    page.browser.find_element("css selector", "#edit .main").click()
    page.wait(lambda: page.active() == 1)
    page.press("b")
    page.wait(lambda: "raw,corrected 1" in page.js(SEEN))
    page.keep("scaled")
    # A line that is moved.
    page.press("l")
    page.click_map((0.3, 0.3), (0.5, 0.5), (0.6, 0.7))
    page.press("\ue007")
    page.pick("kind", "move")
    page.type("value-east_km", "8")
    page.type("value-north_km", "-4")
    page.type("value-width_km", "20")
    page.browser.find_element("css selector", "#edit .main").click()
    page.wait(lambda: page.active() == 2)
    # A warning is approved.
    page.press("a")
    page.wait(lambda: page.browser.find_elements("css selector", "#warnings .done"))
    assert "approved by Li" in page.browser.find_element("css selector", "#warnings .done").text
    page.keep("approved")
    # Undone: the approval, then the line; the line again; and all is there after a reload.
    page.press("u")
    page.wait(lambda: page.active() == 2)
    page.press("u")
    page.wait(lambda: page.active() == 1)
    page.press("r")
    page.wait(lambda: page.active() == 2)
    page.open(served.url)
    assert page.active() == 2
    assert page.js("return document.getElementById('author').value") == "Li"
    log = Log(case / "edits.jsonl")
    assert [edit.kind for edit in log.active()] == ["scale", "move"]
    scale = next(edit for edit in log.active() if edit.kind == "scale")
    assert (scale.author, scale.reason, scale.layer, scale.values.by) == ("Li", "gauges say more", "rain", 1.3)
    # The next cycle has them too.
    folder = desk_case.run(case, 2)
    with xr.open_dataset(folder / "rain.nc") as raw, xr.open_dataset(folder / "corrected" / "rain.nc") as made:
        known = raw["rainfall_rate"] if "rainfall_rate" in raw else raw["precipitation_rate"]
        assert float(abs(next(iter(made.data_vars.values())) - known).max()) > 1.0
    page.open(served.url)
    assert page.js("return document.getElementById('cycle').value") == folder.name
    assert page.active() == 2
    page.keep("next")
    corrected = page.picture()
    page.press("v")
    page.wait(lambda: " raw " in page.js(SEEN))
    assert page.picture() != corrected


def test_reading_the_map(page: Page, desk: Server) -> None:
    page.open(desk.url)
    page.click_map((0.5, 0.5))
    page.wait(lambda: page.browser.find_elements("css selector", "#chart path.raw"))
    page.press("s")
    page.click_map((0.25, 0.4), (0.7, 0.6))
    page.wait(lambda: "section" in page.text("chart-title"))
    page.pick("winds", "motion")
    page.keep("section")
    before = page.text("valid")
    page.press(".")
    page.wait(lambda: page.text("valid") != before)
    assert "forecast +10 min" in page.text("lead")
    page.press("]")
    page.wait(lambda: page.js(SEEN).startswith("probability_1 "))
    page.press("g")
    assert page.text("language") == "English"
    assert "概率" in page.js("return document.querySelector('#layers').textContent")
    page.keep("chinese")
    page.press("?")
    page.wait(lambda: page.js("return document.getElementById('keys').open"))
    page.keep("keys")
    page.press("\ue00c")
    page.press("g")


def test_every_control_has_a_name_and_can_be_reached(page: Page, desk: Server) -> None:
    page.open(desk.url)
    nameless = """return [...document.querySelectorAll('button, input, select, textarea')]
      .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.[0]?.textContent.trim()))
      .map((one) => one.outerHTML)"""
    assert page.js(nameless) == []
    assert page.js("return [...document.querySelectorAll('[tabindex]')].filter((one) => one.tabIndex > 0).length") == 0
    # A whole edit without a mouse: points at the cross amid the map, which arrows move.
    page.type("author", "Li")
    page.press("p")
    for keys in ("x", "\ue014\ue014", "x", "\ue015\ue015", "x"):
        page.id("map-first").send_keys(keys)
        time.sleep(0.4)
    page.press("\ue007")
    assert "3 points" in page.text("hint")
    page.js("document.getElementById('kind').focus()")
    ring = page.js("return getComputedStyle(document.activeElement).outlineStyle")
    assert ring in ("solid", "auto")
    page.id("reason").send_keys("by keys", "\ue009", "\ue007")  # Control, Enter
    page.wait(lambda: page.active() == 1)


def test_what_is_wrong_is_told_on_the_page(page: Page, desk: Server) -> None:
    page.open(desk.url)
    page.js("document.getElementById('author').value = ''")
    page.press("a")
    assert "who you are" in page.text("told")
    page.type("author", "Li")
    for value, told in (("many", "a number is wanted"), ("-5", "values"), ("1e300", "values")):
        page.type("value-by", value)
        page.browser.find_element("css selector", "#edit .main").click()
        page.wait(lambda told=told: told in page.text("told"))
        assert "wrong" in page.id("told").get_attribute("class")
    assert page.active() == 0


def test_hostile_texts_stay_texts(page: Page, desk: Server, case: Path, tmp_path: Path) -> None:
    edit = {"id": "s-1", "kind": "lower", "layer": "rain", "author": "suggestion", "time": "2026-06-01T06:40:00Z"}
    edit |= {"valid": 2 * ["2026-06-01T06:40:00Z"], "reason": HOSTILE, "values": {"by": 0.1}, "suggested": True}
    (tmp_path / "suggested.json").write_text(json.dumps([edit]))
    shown = case / "out" / "latest" / "warnings" / "warnings.geojson"
    kept = shown.read_text()
    told = json.loads(kept)
    for number, feature in enumerate(told["features"]):
        feature["properties"] |= {
            "hazard": HOSTILE,
            "name": HOSTILE,
            "level": HOSTILE if number else 1,
            "onset": HOSTILE,
        }
    shown.write_text(json.dumps(told))
    try:
        page.open(desk.url)
        page.type("author", HOSTILE)
        page.type("reason", HOSTILE)
        page.press("a")
        page.wait(lambda: page.browser.find_elements("css selector", "#warnings .done"))
        page.browser.find_element("css selector", "#edit .main").click()
        page.wait(lambda: page.active() == 2)
        assert HOSTILE in page.text("suggestions")
        page.press("k")
        page.wait(lambda: page.active() == 3)
        assert page.text("suggestions") == "none"
        page.keep("hostile")
        assert page.js("return window.hacked") is None
        assert page.js("return document.querySelectorAll('img, aside script').length") == 0
        assert HOSTILE in page.text("log")
        assert HOSTILE.split("{")[0] in page.text("warnings")
    finally:
        shown.write_text(kept)


def test_a_picture_has_the_colours_of_the_field(page: Page, desk: Server, case: Path) -> None:
    page.open(desk.url)
    truth = io.open(case / "out" / "latest" / "rain.nc", quantity="RATE").isel(time=-1)
    greatest = float(np.nanmax(truth.values))
    painted = page.js(
        """const canvas = document.querySelector('#map-first canvas.leaflet-image-layer');
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        const seen = new Set();
        for (let k = 0; k < data.length; k += 4) {
          if (data[k + 3] === 255) seen.add([data[k], data[k + 1], data[k + 2]].join());
        }
        return [...seen]"""
    )
    steps = {
        0.1: "195,230,246",
        0.5: "131,198,236",
        1.0: "64,156,220",
        2.0: "29,96,190",
        5.0: "42,168,74",
        10.0: "245,225,60",
    }
    steps |= {20.0: "247,154,31", 50.0: "224,38,27", 100.0: "160,18,143"}
    edges = [*sorted(steps), np.inf]
    there = {
        steps[low] for low, high in itertools.pairwise(edges) if ((truth.values >= low) & (truth.values < high)).any()
    }
    assert greatest > 1.0
    assert set(painted) == there
