"""What the documentation promises: it points at what exists, and leaves nothing out that a user meets."""

import ast
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def shown(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page may say after its `#`."""
    titles = re.findall(r"^#+ (.*)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        meant = (page.parent / unquote(path)).resolve() if path else page
        assert meant.exists(), target
        if anchor:
            assert anchor in anchors(meant), target


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_code_in_the_documentation_can_be_read(page: Path) -> None:
    for block in blocks(page, "python"):
        ast.parse(block)
    for block in blocks(page, "json"):
        json.loads(block)


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text().split("```")[1]
    assert [line.split("#")[0].strip() for line in opening.strip().splitlines()] == ["make demo", "make test"]


def test_the_changelog_begins_with_what_is_not_released() -> None:
    titles = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert titles[0] == "Unreleased"


def test_decisions_are_numbered_and_listed() -> None:
    listed = (ROOT / "docs" / "architecture.md").read_text()
    for number, page in enumerate(DECISIONS, start=1):
        assert page.name.startswith(f"{number:04d}-")
        assert page.read_text().startswith(f"# {number}. ")
        assert f"decisions/{page.name}" in listed


def test_every_source_has_a_page_with_its_settings() -> None:
    from discovery.sources import SOURCES

    assert SOURCES
    for name, source in SOURCES.items():
        page = ROOT / "docs" / "sources" / f"{name}.md"
        assert page.exists(), f"{shown(page)} is missing"
        text = page.read_text()
        for setting in source.settings.model_fields:
            assert f"`{setting}`" in text, f"{shown(page)} does not speak of the setting {setting}"


def test_every_setting_is_in_the_readme() -> None:
    from api.settings import Settings

    readme = (ROOT / "README.md").read_text()
    assert not [name for name in Settings.model_fields if f"`CMDB_{name.upper()}`" not in readme]


def test_the_estate_of_the_quickstart_is_accepted_line_by_line() -> None:
    """The lines are read by the door they are meant for."""
    from cmdb.vocabulary import vocabulary
    from discovery.source import Hearing
    from discovery.sources import SOURCES

    hearing = Hearing(vocabulary(), "default", 1_700_000_000_000_000)
    lines = [line for block in blocks(ROOT / "docs" / "quickstart.md", "jsonl") for line in block.splitlines()]
    assert len(lines) > 5
    observed = [found for line in lines for found in SOURCES["json_lines"].observe(line.encode(), hearing)]
    assert len(observed) == len(lines)
