"""What the name of a device says of host and domain."""

import pytest

from cmdb.device_name import HostName, host_name_in, is_caption


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("db1.corp.example", HostName("db1", "db1.corp.example")),
        ("müller-pc.corp.example", HostName("müller-pc", "müller-pc.corp.example")),
        ("pc1.local", HostName("pc1", "pc1.local")),
        ("corp\\db1", HostName("db1", "")),
        ("corp.example\\db1$", HostName("db1", "")),
    ],
)
def test_a_longer_name_says_the_host(name: str, said: HostName) -> None:
    assert host_name_in(name) == said


@pytest.mark.parametrize(
    "name", ["db1", "web.blue", "10.0.0.5", "v1.2.3", "pump 3.floor.east", "\\\\print\\queue", "a..b.c"]
)
def test_what_is_no_full_name_says_nothing(name: str) -> None:
    assert host_name_in(name) == HostName("", "")


def test_a_text_for_people_is_a_caption() -> None:
    assert [name for name in ("pump 3", "\\\\print\\floor1", "db1.corp.example", "pc_2") if is_caption(name)] == [
        "pump 3",
        "\\\\print\\floor1",
    ]
