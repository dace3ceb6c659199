"""Patterns as IAM and CloudFront compare them."""

import pytest

from publisher.infra.wildcards import matches


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        ("s3:Get*", "s3:GetObject", True),
        ("*/version.json", "/sensor/stable/b1/version.json", True),
        ("*/version.json", "/sensor/version.json.bak", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("A*", "abc", False),
        ("*", "two\nlines", True),
        ("[ab]", "a", False),  # a set is nothing to AWS
        ("[ab]", "[ab]", True),
    ],
)
def test_a_star_is_any_text_a_question_mark_one_character_and_all_else_itself(
    pattern, text, wanted
):
    assert matches(pattern, text) is wanted
