"""Finds the versions that a subscription is about: the store's own search says which of them match."""

from collections.abc import Sequence
from dataclasses import dataclass

from web_modules.fhir_store.access import Access, Interaction
from web_modules.fhir_store.database.index_rows import IndexWriter
from web_modules.fhir_store.database.pages import PAGE_COLUMNS, fitting, versions
from web_modules.fhir_store.database.records import (
    Records,
    StoredVersion,
    lock_practice,
)
from web_modules.fhir_store.database.session import Session
from web_modules.fhir_store.documents import decode
from web_modules.fhir_store.search.limits import is_unlimited
from web_modules.fhir_store.search.matching import Searcher
from web_modules.fhir_store.search.query import SearchReader
from web_modules.fhir_store.sight import Sight
from web_modules.fhir_store.store import Store
from web_modules.fhir_store.subscriptions.wanted import Wanted

PAGE = 50
"""Versions that are looked at together."""

_FOLLOWING = f"""
    SELECT {PAGE_COLUMNS}, r.updated, r.is_deleted FROM version AS v
    JOIN resource AS r ON r.practice = v.practice AND r.type = v.type AND r.id = v.id
    WHERE v.practice = ? AND v.type = ? AND v.updated > ? ORDER BY v.updated LIMIT {PAGE}
"""  # noqa: S608  (fixed pieces)
_NEWEST = "SELECT max(updated) FROM version WHERE practice = ? AND type = ?"
_WAS_NEWEST = "UPDATE resource SET updated = ? WHERE practice = ? AND type = ? AND id = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was looked at.

    Attributes:
        matches: the versions to tell of, oldest first.
        reached: every version up to this position has been looked at; None when there was none.
    """

    matches: tuple[StoredVersion, ...]
    reached: int | None


class Follower:
    """Follows one practice's versions. Blocks; safe from every thread."""

    def __init__(self, store: Store, practice: str, base_url: str) -> None:
        self._store = store
        self._practice = practice
        self._base_url = base_url
        self._reader = SearchReader(store.catalogue)
        self._searcher = Searcher(store.catalogue, store.indexer, base_url)

    def newest(self, session: Session, resource_type: str) -> int:
        """The position of the newest version of a type, 0 when there is none."""
        return int(session.rows(_NEWEST, (self._practice, resource_type))[0][0] or 0)

    def page(self, wanted: Wanted, seers: Sequence[Access], after: int) -> Page:
        """The next versions after a position, and those among them that match and all may see.

        What has been deleted since is not told of. A version that another has followed already is matched by
        its own content: each that was committed is told of, however late it is looked at.

        Raises:
            Refusal: the criteria are not understood any more.
            DatabaseSilent: the database does not answer.
        """
        sights = [self._store.sight(one, self._practice, self._base_url) for one in seers]
        with self._store.database.viewing() as session:
            rows = session.rows(_FOLLOWING, (self._practice, wanted.resource_type, after))
            page = fitting(versions(session, self._practice, rows))
            living = [
                (version, int(row[-2])) for version, row in zip(page, rows, strict=False) if row[-1] == 0
            ]
            current = [version for version, newest in living if version.updated == newest]
            found = [self._matching(session, wanted, sight, current) for sight in sights]
            told = {version.updated for version in current if all(version.id in ids for ids in found)}
            earlier = [
                version
                for version, newest in living
                if version.updated != newest and _is_shown(session, self._practice, sights, version)
            ]
        is_plain = not wanted.pairs and all(is_unlimited(one) for one in seers)
        told |= {
            version.updated
            for version in earlier
            if is_plain or all(self._matched_then(wanted, sight, version) for sight in sights)
        }
        return Page(
            matches=tuple(version for version, _newest in living if version.updated in told),
            reached=page[-1].updated if page else None,
        )

    def _matching(
        self, session: Session, wanted: Wanted, sight: Sight, versions: Sequence[StoredVersion]
    ) -> set[str]:
        """The ids of those that the search finds and that may be read."""
        kind = wanted.resource_type
        allowed = sight.allows(Interaction.SEARCH, kind) and sight.allows(Interaction.READ, kind)
        if not versions or not allowed:
            return set()
        ids = ",".join(version.id for version in versions)
        pairs = (*wanted.pairs, ("_id", ids), ("_count", str(PAGE)), ("_total", "none"))
        records = Records(session, self._practice, sight)
        found = self._searcher.run(records, self._reader.read(kind, pairs, is_strict=True)).matches
        return {one.id for one in found if not records.hides(Interaction.READ, kind, one.id)}

    def _matched_then(self, wanted: Wanted, sight: Sight, version: StoredVersion) -> bool:
        """Whether a search would have found an earlier version: tried in a transaction that is undone."""

        def tried(session: Session) -> None:
            lock_practice(session, self._practice)
            records = Records(session, self._practice)
            current = records.current(version.type, version.id)
            if current is None or current.content is None or version.content is None:
                raise _Tried(is_found=False)
            index = IndexWriter(session, self._practice, self._store.indexer, self._base_url)
            index.replace(version.number, decode(current.content), decode(version.content))
            session.change(_WAS_NEWEST, (version.updated, self._practice, version.type, version.id))
            raise _Tried(is_found=bool(self._matching(session, wanted, sight, [version])))

        try:
            self._store.database.write(tried)
        except _Tried as done:
            return done.is_found
        return False


class _Tried(Exception):
    """Undoes what was tried, and says what came of it."""

    def __init__(self, *, is_found: bool) -> None:
        super().__init__("tried")
        self.is_found = is_found


def _is_shown(session: Session, practice: str, sights: Sequence[Sight], version: StoredVersion) -> bool:
    """Whether all may still see the resource as it is now, and this version's own labels."""
    return all(
        Records(session, practice, sight).version(version.type, version.id, version.version) is not None
        for sight in sights
    )
