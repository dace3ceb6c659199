"""A table in a page of docs/, between two marks that a reader does not see."""

from pathlib import Path


def write_between(page: Path, marks: tuple[str, str], text: str) -> None:
    """Put a text in place of what stands between the marks."""
    before, _, rest = page.read_text().partition(marks[0])
    _, _, after = rest.partition(marks[1])
    page.write_text(before + marks[0] + text + marks[1] + after)
