"""The pages that describe the package, as they are built."""

from pathlib import Path

import pytest
from public import MODULES, names

pytestmark = pytest.mark.book
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("room", MODULES)
def test_page_of_a_room_holds_every_public_name(pages, room):
    found = {tag["id"] for tag in pages[f"chapters/api/{room}.html"].select("dt[id]")}
    wanted = {f"{module}.{name}" for module in MODULES[room] for name in names(module)}
    assert wanted - found == set()


def test_docstring_is_shown_part_by_part_with_its_example(pages):
    page = pages["chapters/api/reuse.html"]
    found = page.find(id="steadynet.reuse.freeze_layers").find_next_sibling("dd")
    parts = [tag.text.strip(":") for tag in found.select("dl.field-list > dt")]
    assert parts == ["Parameters", "Raises"]
    assert [tag.text for tag in found.select("p.rubric")] == ["Examples", "References"]
    assert ">>> freeze_layers(model, 2)" in found.select_one("pre").text
    assert page.select('dd a[href="#steadynet.reuse.weighted_layers"]'), "names are links"


def test_pages_show_nothing_that_only_python_or_this_machine_says(pages):
    for room in MODULES:
        text = pages[f"chapters/api/{room}.html"].article.text
        for words in ("Alias for field", "<factory>", str(ROOT), " object at 0x"):
            assert words not in text, room
