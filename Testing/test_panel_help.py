"""Help beside what it is about: a link in each section, and a page that needs no network."""

import html.parser
import re
from pathlib import Path

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")

from conftest import ROOT


class _Reader(html.parser.HTMLParser):
    """Anchors, what is open, and what a page would fetch."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.open, self.fetched = [], [], []
        self.feed(Path(path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors += [given["name"]] if tag == "a" and "name" in given else []
        self.fetched += [value for key, value in attributes if key in ("src", "href") and not value.startswith("#")]
        self.open += [tag] if tag not in ("meta", "br") else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _links(panel):
    import qt

    found = [label for label in panel.parent.findChildren(qt.QLabel) if label.text.startswith('<a href="')]
    return {re.match(r'<a href="(\w+)">', label.text).group(1): label for label in found}


def test_each_section_leads_to_its_part_of_the_page(host, panel):
    links, page = _links(panel), _Reader(panel.help.path)
    assert sorted(links) == sorted(page.anchors) and not page.open and not page.fetched
    assert _Reader(panel.help.path.with_suffix(".de.html")).anchors == page.anchors
    sections = re.findall(r'name="(\w+)CollapsibleButton"', Path(panel.resourcePath("UI/MedNCASegment.ui")).read_text())
    assert sorted(sections) == sorted([*links, "log"])
    seen = []
    for anchor in ("verdict", "review", "inputs"):
        host.click(links[anchor])
        assert panel.help._dialog.visible
        host.processEvents()
        seen.append(panel.help._browser.verticalScrollBar().value())
    assert seen[1] > seen[0] > seen[2]
    panel.help.close()


def test_a_link_is_followed_by_the_keyboard(host, panel):
    import qt

    link = _links(panel)["inputs"]
    panel.parent.activateWindow()
    link.setFocus(qt.Qt.TabFocusReason)
    host.processEvents()
    host.key(link, qt.Qt.Key_Tab)
    host.key(link, qt.Qt.Key_Return)
    assert panel.help._dialog is not None and panel.help._dialog.visible
    panel.help.close()


def test_the_page_is_that_of_the_language(host, tmp_path, monkeypatch):
    import slicer

    from MedNCASegmentLib.help_page import HelpPage

    for name in ("a.html", "a.de.html"):
        (tmp_path / name).write_text("<p>x</p>", encoding="utf-8")
    assert HelpPage(tmp_path / "a.html").path.name == "a.html"
    monkeypatch.setattr(type(slicer.app), "applicationLocaleName", "de_DE")
    assert HelpPage(tmp_path / "a.html").path.name == "a.de.html"
    monkeypatch.setattr(type(slicer.app), "applicationLocaleName", "fr")
    assert HelpPage(tmp_path / "a.html").path.name == "a.html"


@pytest.mark.parametrize("name", ["MedNCASegment", "NCATrainer"])
def test_the_module_s_own_help_leads_to_the_guide(name):
    """Where Slicer's users look first: what the module says of itself above its panel."""
    text = (ROOT / name / f"{name}.py").read_text(encoding="utf-8")
    (page,) = re.findall(r'<a href="https://github\.com/[^"]+/blob/main/([^"#]+)', text)
    assert (ROOT / page).is_file() and "self.parent.helpText += _HOMEPAGE" in text


def test_the_window_looks_like_a_page(host, panel, tmp_path):
    panel.help.show("verdict")
    host.processEvents()
    panel.help._dialog.grab().save(str(tmp_path / "help.png"))
    panel.help.close()
