"""A gradebook on a real PostgreSQL server: what goes wrong there is a sentence, and what was stored stays."""

from __future__ import annotations

import os

import postgresql_server
import pytest
from postgresql_server import PASSWORD, Server
from sqlalchemy import create_engine, text
from test_store import result

from autograder.records.store import Gradebook, GradebookError

pytestmark = pytest.mark.slow


def refused(target: str) -> str:
    with pytest.raises(GradebookError) as error:
        Gradebook(target, "cnn2")
    said = str(error.value)
    assert "\n" not in said
    assert PASSWORD not in said
    return said


def test_who_is_not_let_in_reads_what_to_set(
    database: str, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong secret")
    assert "does not let this user in: correct the user's name, and set PGPASSWORD" in refused(database)
    assert "wrong secret" not in refused(database)
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    assert "does not let this user in" in refused(database)


def test_a_database_that_is_not_there_is_to_be_made(database: str, postgresql: Server) -> None:
    assert "is not there: make the database with createdb" in refused(postgresql.url("nosuch"))


def test_a_database_of_another_program_is_refused_and_left_alone(database: str) -> None:
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE grade (id INTEGER)"))
    assert "is the database of another program: name another database" in refused(database)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE grade RENAME TO gradebook"))
    assert "belongs to another program: name another database" in refused(database)
    engine.dispose()


def test_a_user_without_the_right_to_make_tables_is_told(
    database: str, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgresql.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    engine.dispose()
    assert "cannot be written to: let its user create tables" in refused(database.replace("autograder@", "guest@"))


def test_two_classes_keep_apart_in_schemas_of_one_database(database: str) -> None:
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA spring"))
        connection.execute(text("CREATE SCHEMA autumn"))
    engine.dispose()
    spring, autumn = (f"{database}&options=-csearch_path%3D{term}" for term in ("spring", "autumn"))
    with Gradebook(spring, "cnn2") as before, Gradebook(autumn, "cnn2") as now:
        before.store_result(result("anna"), result_key="r", slug="anna")
        now.store_result(result("ben"), result_key="r", slug="ben")
        assert [stored.result.student for stored in now.results()] == ["ben"]
    assert "cannot be written to" in refused(f"{database}&options=-csearch_path%3Dnosuch")


def test_a_server_that_ends_is_a_sentence_and_one_that_is_back_goes_on(
    monkeypatch: pytest.MonkeyPatch, postgresql: Server, database: str
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with Gradebook(database, "cnn2") as gradebook:
        gradebook.store_fact("before", "x")
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL "
            "AND pid <> pg_backend_pid()"
        )
        gradebook.store_fact("after", "x")
        assert gradebook.fact("before") == gradebook.fact("after") == "x"
    with postgresql_server.running() as passing:
        url = passing.new_database()
        gradebook = Gradebook(url, "cnn2")
        gradebook.store_fact("before", "x")
    with pytest.raises(GradebookError, match="cannot be reached: start its server"):
        gradebook.fact("before")
    gradebook.close()
