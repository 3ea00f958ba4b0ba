"""Where the facts of published months lie: each month's inside its part, or all of them in a place of their own.

Facts are most of what is published and the least read. The setting `facts` names a place for them: a folder, or a bucket as
`s3://bucket/folder`. What lies there has an address, `<place>/<store>/<kind>/<month>-<digest>`; a manifest names the address
of each of its parts, so that a version is read where it was published to, whatever the setting says since.

A published store writes and deletes only under its own id, which it keeps in `facts.json` with the places that it has used:
stores may share a place, and what lies in one that the setting no longer names is still found when no version needs it.
Who may write and read there is settled by the environment (`AWS_ACCESS_KEY_ID` and others), never by what is stored.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import polars as pl

from analytics.exc import CenterlineError, ConfigError, DataError, first_line
from data.atomic import write_json

#: File of a published store with its id and the places that it has used.
KNOWN: Final = "facts.json"

#: A network may fail for some seconds; what fails longer is said so.
_RETRIES: Final = 5
_RETRY_WAIT: Final = timedelta(seconds=60)

#: Pieces of 5 MB of a file that are on their way at once: each has 30 seconds, and a slow line is not a broken one.
_PIECES: Final = 4

_SETTING: Final = "(setting CENTERLINE_FACTS)"


class Place(Protocol):
    """Where facts lie, a folder of files for each month of a kind, found by its address."""

    @property
    def root(self) -> str:
        """Address of the place; empty when parts keep their own facts."""

    def held(self) -> Mapping[str, Collection[str]]:
        """Return the names of the files that lie at each address."""

    def bring(self, facts: Path, name: str) -> str:
        """Copy a folder of files there, all of them or an error, and return their address."""

    def remove(self, address: str) -> None:
        """Delete what lies at an address."""


class Folder:
    """Facts in folders, of this machine or of a network drive."""

    def __init__(self, folder: Path, *, inside: bool = False) -> None:
        self.root = "" if inside else str(folder)
        self._folder = folder
        # In parts: their facts, and what was coming or going when a publish was killed.
        self._pattern = "*/*/*facts" if inside else "*/*"

    def held(self) -> Mapping[str, Collection[str]]:
        """Return the names of the files that lie at each address."""
        with self._told():
            return {str(place): {path.name for path in place.iterdir()} for place in self._folder.glob(self._pattern)}

    def bring(self, facts: Path, name: str) -> str:
        """Copy a folder of files there, all of them or an error, and return their address; the same files that are there stay."""
        place = self._folder / name
        coming = place.with_name(f".coming-{place.name}")
        with self._told():
            if not place.exists() or {path.name for path in place.iterdir()} != {path.name for path in facts.iterdir()}:
                shutil.rmtree(coming, ignore_errors=True)
                shutil.copytree(facts, coming)
                self.remove(str(place))
                coming.rename(place)
        return str(place)

    def remove(self, address: str) -> None:
        """Delete what lies at an address; renamed first, because what is half deleted must never pass for facts."""
        place = Path(address)
        if place.exists():
            gone = place if place.name.startswith(".") else place.rename(place.with_name(f".gone-{place.name}"))
            shutil.rmtree(gone, ignore_errors=True)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not self.root:
                raise  # the publish itself says that its store has no room
            raise DataError(
                f"Facts cannot be kept in {self.root} {_SETTING}: {first_line(error)}. Free some space there or correct its "
                "permissions, and publish again; the last version stays in force."
            ) from error


class Bucket:
    """Facts as objects of a store that speaks S3."""

    def __init__(self, root: str) -> None:
        try:
            from obstore.store import S3Store
        except ImportError as error:
            raise ConfigError(f"For facts at {root} {_SETTING}, install: pip install -r requirements-s3.txt.") from error
        self.root = root
        with self._told():
            self._store = S3Store.from_url(root, retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_WAIT})

    def held(self) -> Mapping[str, Collection[str]]:
        """Return the names of the files that lie at each address."""
        found: dict[str, set[str]] = {}
        with self._told():
            for path in self._listed():
                name, _, file = path.rpartition("/")
                found.setdefault(f"{self.root}/{name}", set()).add(file)
        return found

    def bring(self, facts: Path, name: str) -> str:
        """Copy a folder of files there, all of them or an error, and return their address."""
        with self._told():
            for path in sorted(facts.iterdir()):
                # An object is there whole or not at all.
                self._store.put(f"{name}/{path.name}", path, max_concurrency=_PIECES)
        return f"{self.root}/{name}"

    def remove(self, address: str) -> None:
        """Delete what lies at an address."""
        name = address.removeprefix(f"{self.root}/")
        with self._told():
            self._store.delete([path for path in self._listed(name) if path.startswith(f"{name}/")])

    def _listed(self, below: str | None = None) -> Iterator[str]:
        return (item["path"] for some in self._store.list(below) for item in some)

    def _told(self) -> AbstractContextManager[None]:
        return _of_s3(self.root)


@contextlib.contextmanager
def _of_s3(root: str) -> Iterator[None]:
    """Turn what a store of objects says into a sentence that says what to do."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        if "NoSuchBucket" in str(error):
            raise ConfigError(f"There is no bucket for facts at {root} {_SETTING}: make it, or correct the setting.") from error
        # Without a key in the environment, the machine itself is asked for one, at this address.
        if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or "169.254." in str(error):
            raise ConfigError(
                f"The credentials at hand do not reach for facts at {root} {_SETTING}: give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
                "in the environment, of somebody who may list, read, write and delete there. The last version stays in force."
            ) from error
        raise DataError(
            f"Facts cannot be kept at {root} {_SETTING}: {first_line(error)}. See that it can be reached (AWS_ENDPOINT_URL, "
            "AWS_REGION, the network), and publish again; the last version stays in force."
        ) from error


# --- the place that the settings name, and those that they named before ----------------------------------------------


def inside(home: Path) -> Place:
    """Return the place of facts that parts keep themselves."""
    return Folder(home / "parts", inside=True)


def chosen(home: Path, setting: str) -> Place:
    """Return the place that the setting names, after seeing that this process may write, list and delete there.

    Args:
        home: Folder of the published store.
        setting: A folder, `s3://bucket/folder`, or nothing.

    Raises:
        ConfigError: the setting cannot be used, the bucket is not there, or the credentials do not reach.
        DataError: the place cannot be reached.
    """
    if not setting:
        return inside(home)
    known = _known(home)
    place = _place(f"{_checked(home, setting)}/{known['store']}")
    _try(place, home)
    if place.root not in known["places"]:
        write_json(home / KNOWN, known | {"places": [*known["places"], place.root]})
    return place


def sweep(home: Path, current: Place, used: Collection[str]) -> None:
    """Delete the facts at addresses that nobody uses; what cannot be reached waits for the next time."""
    _swept(inside(home), used)
    known = _known(home)
    left = [root for root in known["places"] if not _is_empty(root, used) or root == current.root]
    if left != known["places"]:
        write_json(home / KNOWN, known | {"places": left})


def _is_empty(root: str, used: Collection[str]) -> bool:
    """Delete what nobody uses in a place, and say whether it is empty then."""
    try:
        return not _swept(_place(root), used)
    except CenterlineError:
        return False


def _swept(place: Place, used: Collection[str]) -> set[str]:
    """Delete what nobody uses in a place, and return what stays."""
    held = set(place.held())
    for address in held.difference(used):
        place.remove(address)
    return held.intersection(used)


def _place(root: str) -> Place:
    return Bucket(root) if "://" in root else Folder(Path(root))


def _checked(home: Path, setting: str) -> str:
    """Return the setting as an address without a slash at its end."""
    if "://" not in setting:
        folder = Path(setting).expanduser().resolve()
        if folder.is_relative_to(home.resolve()):
            raise ConfigError(f"{setting} {_SETTING} lies in the published store; name another folder, or leave the setting empty.")
        return str(folder)
    url = urlsplit(setting)
    # The sentence does not repeat the setting: what should not stand in it may be a secret.
    if url.scheme != "s3" or not url.hostname or "@" in url.netloc or url.query or url.fragment:
        raise ConfigError(f"The place of the facts {_SETTING} is a folder, or s3://bucket/folder; credentials belong in the environment.")
    return setting.rstrip("/")


def _try(place: Place, home: Path) -> None:
    """Write, list and delete, before the long work begins."""
    tried = home / ".building-tried"
    tried.mkdir(parents=True, exist_ok=True)
    (tried / "tried").touch()
    try:
        place.bring(tried, "entry/.tried")
        place.held()
        place.remove(f"{place.root}/entry/.tried")
    finally:
        shutil.rmtree(tried, ignore_errors=True)


def _known(home: Path) -> dict[str, Any]:
    """Return the id of a store and the places that it has used; a store that has none yet gets a new id."""
    path = home / KNOWN
    if not path.exists():
        return {"store": uuid.uuid4().hex[:12], "places": []}
    try:
        known = json.loads(path.read_text())
        return {"store": str(known["store"]), "places": [str(root) for root in known["places"]]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read: put it back from a backup, or delete it and publish again. After that, what the store "
            "has left in the place of its facts under its earlier id is deleted by hand."
        ) from error


# --- reading ---------------------------------------------------------------------------------------------------------


def file(address: str | Path, fact: str) -> Path | str:
    """Return the file of a fact at an address: a path, or the URL of an object."""
    return f"{address}/{fact}.parquet" if "://" in str(address) else Path(address) / f"{fact}.parquet"


def scan(files: Sequence[Path | str]) -> pl.LazyFrame:
    """Read files of facts, wherever they lie, when their rows are asked for."""
    # By default, another library's credentials would be used where one is installed; these are those that facts are written with.
    paths = [str(path) for path in files]
    return pl.scan_parquet(paths, glob=False, storage_options={"max_retries": _RETRIES}, credential_provider=None)


@contextlib.contextmanager
def reading(version: str, files: Sequence[Path | str]) -> Iterator[None]:
    """Say in a sentence that the facts of a version cannot be read.

    Raises:
        DataError: they are gone, or their place cannot be reached.
    """
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        place = str(files[0]).rsplit("/", 3)[0] if files else "their place"
        todo = "See that this place can be reached, with credentials in the environment"
        if isinstance(error, FileNotFoundError):
            todo = "Put them back, or make them anew (python -m data publish)"
        raise DataError(
            f"The records of data version “{version}” cannot be read from {place} ({first_line(error)}). {todo}; "
            "pages that show no single records work without them."
        ) from error
