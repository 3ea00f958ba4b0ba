"""Facts in a place of their own, a folder or a bucket of a server that speaks S3: the same versions, whole or not at all, and cleared away."""

from __future__ import annotations

import datetime as dt
import http.server
import itertools
import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import polars as pl
import pytest
from moto.server import ThreadedMotoServer
from polars.testing import assert_frame_equal
from sqlalchemy import Engine

from analytics.exc import ConfigError, DataError
from analytics.filters import Filters
from analytics.metrics import METRICS
from analytics.scope import Scope
from data import bulk, database, load, places, publish
from data.facts import MONTHLY
from data.settings import settings
from data.store import Snapshot
from tests.data.samples import Row, entry, event, line, number, people, review, write_csv

EVERYTHING = pl.lit(value=True)
FACTS = ("entry", "entry_line", "review", "stay")
_BUCKETS = (f"bucket-{count}" for count in itertools.count(1))

Choose = Callable[[str | Path], None]


class Server:
    """A server that speaks S3; what it holds outlives its being stopped."""

    def __init__(self) -> None:
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._running = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._running.start()
        _, self._port = self._running.get_host_and_port()

    def stop(self) -> None:
        self._running.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that speaks S3, with credentials for it in the environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = Server()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "the-key",
            "AWS_SECRET_ACCESS_KEY": "the-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": running.url,
            "AWS_ALLOW_HTTP": "true",
        }.items():
            patch.setenv(name, value)
        patch.setattr(places, "_RETRIES", 1)
        yield running
    running.stop()


@pytest.fixture
def bucket(server: Server) -> str:
    """URL of a folder of an empty bucket."""
    name = next(_BUCKETS)
    boto3.client("s3", endpoint_url=server.url, region_name="us-east-1").create_bucket(Bucket=name)
    return f"s3://{name}/facts"


@pytest.fixture(params=["folder", "s3"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for facts: a folder, then a bucket."""
    return str(tmp_path / "elsewhere") if request.param == "folder" else str(request.getfixturevalue("bucket"))


@pytest.fixture
def choose(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Choose]:
    """Makes the settings name a place."""

    def chosen(place: str | Path) -> None:
        monkeypatch.setenv("CENTERLINE_FACTS", str(place))
        settings.cache_clear()

    yield chosen
    monkeypatch.delenv("CENTERLINE_FACTS", raising=False)
    settings.cache_clear()


def put(bank: Engine, folder: Path, table: str, rows: list[Row]) -> None:
    results = load.load_files([write_csv(folder / f"{table}.csv", rows)], engine=bank)
    assert results[-1].rejected == 0, results


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two months of entries and one of reviews."""
    folder = tmp_path_factory.mktemp("loaded")
    bank = database.engine(f"sqlite:///{shutil.copy(sqlite_template, folder / 'loaded.sqlite')}")
    with bank.begin() as connection:
        for name, frame in people().items():
            bulk.bulk_insert(connection, name, frame)
    days = {1: "2012-10-15", 2: "2012-11-15", 3: "2012-11-16"}
    put(bank, folder, "entry", [entry(i, entry_date=day) for i, day in days.items()])
    put(bank, folder, "entry_line", [line(i) for i in days])
    put(bank, folder, "review", [review(1, entry_number=number(1)), review(2)])
    put(bank, folder, "review_event", [event(2, "2013-01-09", "clock_stop")])
    bank.dispose()
    return folder / "loaded.sqlite"


@pytest.fixture
def filled(loaded: Path, home: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of it; what kind of database it is does not matter here."""
    bank = database.engine(f"sqlite:///{shutil.copy(loaded, tmp_path / 'filled.sqlite')}")
    yield bank
    bank.dispose()


def change(bank: Engine, tmp_path: Path, mode: str) -> None:
    """Correct an entry of the second month."""
    put(bank, tmp_path, "entry", [entry(2, entry_date="2012-11-15", mode_code=mode)])


def opened(version: str | None = None) -> Snapshot:
    return Snapshot(Scope("analyst"), version=version)


def rows(snapshot: Snapshot) -> dict[str, pl.DataFrame]:
    return {name: snapshot.rows(name, EVERYTHING, 99) for name in FACTS}


def assert_same(found: dict[str, pl.DataFrame], wanted: dict[str, pl.DataFrame]) -> None:
    assert all(frame.height for frame in wanted.values())
    for name, frame in wanted.items():
        assert_frame_equal(found[name], frame, check_row_order=False)


def assert_works_without_records(snapshot: Snapshot) -> None:
    count = METRICS["entry_summaries"].answer(snapshot.frames, Filters(), snapshot.as_of, ())["value"][0]
    assert (count, snapshot.identities()["residual"].sum()) == (3, 0)


def held(place: str) -> set[str]:
    """The files under a place, without the id of the store."""
    if "://" not in place:
        return {str(path.relative_to(place)).split("/", 1)[1] for path in Path(place).rglob("*.parquet")}
    name, _, prefix = place.removeprefix("s3://").partition("/")
    found = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1").list_objects_v2(
        Bucket=name, Prefix=prefix
    )
    return {item["Key"].removeprefix(f"{prefix}/").split("/", 1)[1] for item in found.get("Contents", [])}


def named(version: str | None = None) -> set[str]:
    """The files of facts that a version names, likewise."""
    snapshot = opened(version)
    every = [str(path) for fact in MONTHLY for path in snapshot.fact_files(fact)]
    return {"/".join(path.split("/")[-3:]) for path in every}


def inside() -> list[Path]:
    return list((settings().published / "parts").glob("*/*/facts"))


def test_a_version_is_the_same_wherever_its_facts_lie(filled: Engine, elsewhere: str, choose: Choose) -> None:
    first = publish.publish(engine=filled)
    wanted = rows(opened())
    choose(elsewhere)
    other = publish.publish(engine=filled)
    assert (other.version, other.built) == (first.version, first.parts)
    assert_same(rows(opened()), wanted)
    assert_works_without_records(opened())
    assert all(str(path).startswith(elsewhere) for path in opened().fact_files("entry"))
    assert held(elsewhere) >= named()
    kept = json.dumps(opened().manifest) + (settings().published / places.KNOWN).read_text()
    assert "the-key" not in kept
    assert "the-secret" not in kept


def test_facts_go_with_the_last_version_that_names_them(
    filled: Engine, elsewhere: str, choose: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTERLINE_KEEP_VERSIONS", "1")
    choose(elsewhere)
    assert publish.publish(engine=filled).built == 3
    assert held(elsewhere) == named()
    reader = opened()
    seen, of_reader = rows(reader), named()
    change(filled, tmp_path, "20")
    assert publish.publish(engine=filled).built == 1
    assert held(elsewhere) == of_reader | named()
    assert of_reader - named()
    assert inside() == []
    assert_same(rows(reader), seen)  # what is read is not deleted
    del reader
    change(filled, tmp_path, "30")
    publish.publish(engine=filled)
    assert len(publish.versions(settings().published)) == 1
    assert held(elsewhere) == named()
    assert opened().rows("entry", pl.col("mode_code") == "30", 9).height == 1


def test_stores_share_a_place_and_leave_each_other_alone(
    filled: Engine, bucket: str, choose: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTERLINE_KEEP_VERSIONS", "1")
    choose(bucket)
    publish.publish(engine=filled)
    other = rows(opened())
    monkeypatch.setenv("CENTERLINE_HOME", str(tmp_path / "second"))
    settings.cache_clear()
    publish.publish(engine=filled)
    change(filled, tmp_path, "20")
    publish.publish(engine=filled)
    first = Snapshot(Scope("analyst"), home=tmp_path / "home" / "published")
    assert_same(rows(first), other)


def test_an_upload_that_breaks_off_leaves_the_last_version_and_is_swept(
    filled: Engine, elsewhere: str, choose: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(elsewhere)
    before = publish.publish(engine=filled)
    whole, kind = held(elsewhere), places.Folder if "://" not in elsewhere else places.Bucket
    bring = kind.bring

    def breaks_off(self: places.Place, facts: Path, name: str) -> str:
        if ".tried" not in name:
            next(facts.glob("goods.parquet")).unlink()
            bring(self, facts, name)  # type: ignore[arg-type]
            raise DataError("the line is dead")
        return bring(self, facts, name)  # type: ignore[arg-type]

    change(filled, tmp_path, "20")
    with monkeypatch.context() as patch:
        patch.setattr(kind, "bring", breaks_off)
        with pytest.raises(DataError, match="the line is dead"):
            publish.publish(engine=filled)
    assert publish.current_version(settings().published) == before.version
    assert len(held(elsewhere) - whole) == 2, "half of a month has arrived"
    assert len(list((settings().published / "parts").glob("*/*"))) == before.parts
    assert rows(opened())["entry"].height == 3
    change(filled, tmp_path, "30")
    assert publish.publish(engine=filled).version != before.version
    assert held(elsewhere) == named() | named(before.version)


def test_a_place_that_does_not_answer_leaves_the_last_version_in_force(
    filled: Engine, server: Server, bucket: str, choose: Choose, tmp_path: Path
) -> None:
    choose(bucket)
    before = publish.publish(engine=filled)
    whole = held(bucket)
    change(filled, tmp_path, "20")
    server.stop()
    try:
        with pytest.raises(DataError, match=r"AWS_ENDPOINT_URL.*the last version stays in force"):
            publish.publish(engine=filled)
        with pytest.raises(DataError, match=r"cannot be read from s3://bucket-\d+/facts/\w+ .*can be reached"):
            opened().rows("entry", EVERYTHING, 9)
        assert_works_without_records(opened())
        assert opened().health(dt.date(2013, 2, 1)).height
    finally:
        server.start()
    assert publish.current_version(settings().published) == before.version
    assert held(bucket) == whole
    assert opened().rows("entry", EVERYTHING, 9).height == 3
    assert publish.publish(engine=filled).version != before.version


def test_lost_facts_are_said_so_and_made_anew(filled: Engine, elsewhere: str, choose: Choose) -> None:
    choose(elsewhere)
    first = publish.publish(engine=filled)
    lost = str(opened().fact_files("entry")[0]).rpartition("/")[0]
    places._place(lost.rsplit("/", 2)[0]).remove(lost)
    with pytest.raises(DataError, match="python -m data publish"):
        opened().rows("entry", EVERYTHING, 9)
    assert_works_without_records(opened())
    assert publish.publish(engine=filled).version == first.version
    assert opened().rows("entry", EVERYTHING, 9).height == 3


def test_another_setting_moves_what_the_next_publish_makes(
    filled: Engine, bucket: str, choose: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENTERLINE_KEEP_VERSIONS", "1")
    versions, readers = [], []
    for place in (bucket, tmp_path / "folder", ""):
        choose(place)
        if readers:  # the setting alone changes nothing that is published
            assert rows(opened())["entry"].height == 3
        versions.append(publish.publish(engine=filled).version)
        readers.append(opened())
    assert len(set(versions)) == 1
    for reader in readers:
        assert rows(reader)["entry"].height == 3
    readers.clear()
    del reader
    change(filled, tmp_path, "20")
    publish.publish(engine=filled)
    assert [held(str(place)) for place in (bucket, tmp_path / "folder")] == [set()] * 2
    assert json.loads((settings().published / places.KNOWN).read_text())["places"] == []
    assert len(inside()) == 3


def test_facts_that_were_inside_go_when_no_version_needs_them_there(
    filled: Engine, bucket: str, choose: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Months that did not change are the same parts as before, but for their facts."""
    monkeypatch.setenv("CENTERLINE_KEEP_VERSIONS", "1")
    choose("")
    publish.publish(engine=filled)
    choose(bucket)
    change(filled, tmp_path, "20")
    publish.publish(engine=filled)
    assert inside() == []
    assert held(bucket) == named()


@pytest.mark.parametrize(
    "setting", ["ftp://host/folder", "s3a://bucket/folder", "s3://", "s3://key:hidden@bucket/folder", "s3://bucket/folder?secret=hidden"]
)
def test_a_setting_that_names_no_place_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ConfigError, match=r"CENTERLINE_FACTS.*s3://bucket/folder") as refused:
        places.chosen(tmp_path, setting)
    assert "hidden" not in str(refused.value)


def test_a_place_in_the_published_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lies in the published store"):
        places.chosen(tmp_path, str(tmp_path / "parts"))


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"CENTERLINE_FACTS.*permissions.*the last version stays in force"):
        places.chosen(tmp_path / "published", str(tmp_path / "file" / "facts"))


def test_a_bucket_that_is_not_there_is_said_so(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no bucket for facts at s3://never-made/facts"):
        places.chosen(tmp_path, "s3://never-made/facts")


class Refusing(http.server.BaseHTTPRequestHandler):
    """Refuses everything, as S3 does when a role may not."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_error(403, "Forbidden")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    """Address of a server that refuses everything."""
    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_credentials_that_do_not_reach_are_said_so(bucket: str, refusing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", refusing)
    with pytest.raises(ConfigError, match=r"credentials at hand do not reach.*AWS_ACCESS_KEY_ID"):
        places.chosen(tmp_path, bucket)


def test_what_is_not_installed_is_named(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(ConfigError, match=r"pip install -r requirements-s3\.txt"):
        places.chosen(tmp_path, bucket)
