"""What the laboratory promises about its Neo4j."""

from collections.abc import Iterator

import pytest
from neo4j import Driver

from lab.neo4j_server import MARK, Neo4jServer, UnfitServer, any_neo4j, wipe

pytestmark = pytest.mark.neo4j


def test_it_answers_to_both_url_schemes(neo4j_server: Neo4jServer) -> None:
    routed = Neo4jServer(
        neo4j_server.url.replace("bolt://", "neo4j://"), neo4j_server.user, neo4j_server.password, "the same"
    )
    for server in (neo4j_server, routed):
        with server.driver() as driver:
            assert driver.execute_query("RETURN 6 * 7 AS answer").records[0]["answer"] == 42


def test_wiping_leaves_no_node_and_no_constraint(neo4j_server: Neo4jServer) -> None:
    with neo4j_server.driver() as driver:
        driver.execute_query("CREATE CONSTRAINT lab IF NOT EXISTS FOR (n:Lab) REQUIRE n.id IS UNIQUE")
        driver.execute_query("CREATE INDEX lab_name IF NOT EXISTS FOR (n:Lab) ON (n.name)")
        driver.execute_query("UNWIND range(1, 25000) AS i CREATE (:Lab {id: i})")
        wipe(neo4j_server)
        assert driver.execute_query(f"MATCH (n) WHERE NOT n:{MARK} RETURN count(n)").records[0][0] == 0
        assert driver.execute_query("SHOW CONSTRAINTS").records == []
        assert [r["type"] for r in driver.execute_query("SHOW INDEXES").records if r["type"] != "LOOKUP"] == []


@pytest.fixture
def named(empty_neo4j: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """A driver to an empty, unmarked server that CMDB_TEST_NEO4J names."""
    monkeypatch.setenv("CMDB_TEST_NEO4J", empty_neo4j.url)
    monkeypatch.setenv("CMDB_TEST_NEO4J_USER", empty_neo4j.user)
    monkeypatch.setenv("CMDB_TEST_NEO4J_PASSWORD", empty_neo4j.password)
    with empty_neo4j.driver() as driver:
        driver.execute_query(f"MATCH (n:{MARK}) DETACH DELETE n")
        yield driver
        # It may really be the user's, who wants to run the tests again tomorrow.
        driver.execute_query(f"MERGE (:{MARK})")


def test_a_named_server_with_data_in_it_is_refused(named: Driver) -> None:
    named.execute_query("CREATE (:SomebodysData)")
    with pytest.raises(UnfitServer, match="1 nodes"), any_neo4j("unused"):
        pass
    assert named.execute_query("MATCH (n:SomebodysData) RETURN count(n)").records[0][0] == 1


def test_an_empty_named_server_is_marked_and_may_be_wiped_ever_after(named: Driver) -> None:
    with any_neo4j("unused"):
        named.execute_query("CREATE (:LeftByACrash)")
    with any_neo4j("unused") as server:
        wipe(server)
        assert [node[0] for node in named.execute_query("MATCH (n) RETURN labels(n)").records] == [[MARK]]


def test_a_named_server_that_does_not_answer_is_an_error_and_no_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_TEST_NEO4J", "bolt://127.0.0.1:1")
    with pytest.raises(UnfitServer, match="cannot be used"), any_neo4j("unused"):
        pass
