"""docs/security.md names settings, tests and routes that exist."""

import re
from pathlib import Path

from holistic_rtc.http.hosts import LOCAL_DOMAINS
from holistic_rtc.http.jwts import JWKS_AGE, JWKS_BYTES, JWKS_INTERVAL, JWKS_SECONDS, LEEWAY
from holistic_rtc.log.lines import MAX_MESSAGE
from holistic_rtc.log.repeats import BURST, SECONDS
from holistic_rtc.log.writer import MOST
from holistic_rtc.model.rights import Right
from holistic_rtc.monitoring.audit import MAX_REFUSALS
from holistic_rtc.settings import Settings

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "security.md").read_text()


def test_each_setting_that_is_named_exists() -> None:
    named = {name.lower() for name in re.findall(r"HOLISTIC_([A-Z_]+)", PAGE)}
    assert named
    assert named <= Settings.model_fields.keys()


def test_each_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[^`]+)`", PAGE)
    assert named
    assert [path for path in named if not (PROJECT / path).exists()] == []


def test_each_resource_names_its_test_and_has_every_column() -> None:
    head, _, *rows = re.findall(r"^\|(.+)\|$", PAGE.partition("## Resources")[2], re.MULTILINE)
    columns = [cell.strip() for cell in head.split("|")]
    assert columns == ["resource", "who can use it", "limit", "setting", "metric", "test"]
    for row in rows:
        cells = row.split("|")
        assert len(cells) == len(columns), row
        assert cells[-1].strip(), row


def test_each_right_and_each_limit_is_that_of_the_code() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| .* \|$", PAGE.partition("## Rights")[2].partition("\n\n`GET")[0], re.M)) == {
        *Right
    }
    assert all(f"`{domain}`" in PAGE for domain in LOCAL_DOMAINS)
    assert f"clocks may differ by {LEEWAY:g} s" in PAGE
    assert f"after {JWKS_AGE / 60:g} minutes, and for an unknown key at most every {JWKS_INTERVAL:g} s" in PAGE
    assert f"take {JWKS_SECONDS:g} s and return {JWKS_BYTES // 1024} KB" in PAGE
    assert Settings.model_fields["ticket_seconds"].default == 12 * 3600
    assert "(12 hours)" in PAGE
    assert f"{BURST} lines of a kind, or {MAX_REFUSALS} refusals, in {SECONDS:g} s" in PAGE
    assert f"{MAX_MESSAGE:,} characters; {MOST:,} waiting lines" in PAGE
