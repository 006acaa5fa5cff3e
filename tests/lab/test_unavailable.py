"""What becomes of a test whose server cannot be had."""

import pytest

from lab.neo4j_jars import find_java
from lab.unavailable import Unavailable, skip_or_fail


@pytest.fixture(autouse=True)
def _nowhere_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("CMDB_CI", raising=False)


def test_on_a_desk_it_is_skipped_with_the_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match="no engine"):
        skip_or_fail(Unavailable("no engine"))


@pytest.mark.parametrize("variable", ["CI", "CMDB_CI"])
def test_in_ci_it_fails_with_the_reason(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "true")
    with pytest.raises(pytest.fail.Exception, match="no engine"):
        skip_or_fail(Unavailable("no engine"))


def test_a_java_that_is_too_old_is_none_and_is_named() -> None:
    with pytest.raises(Unavailable, match="needs Java 999 or later"):
        find_java(999)
