"""Which names are worth comparing: the nearest by rare groups of letters, in flat memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

CHUNK = 2_000
"""Names compared at a time; what is held in memory grows with this, not with the lists."""

TELLING = 16
"""Groups of letters of a name that candidates are looked up by: its rarest."""

COMMON = 0.01
"""A group of letters that more than this share of a long list has finds no candidates."""

LEAST = 1_000
"""Names that a group of letters may be in at least, however short the list."""


def similar(
    left: Sequence[str], right: Sequence[str], *, each: int = 5, floor: float = 0.5
) -> Iterator[tuple[int, int, float]]:
    """Pairs of indices (left, right) with the cosine of their letter groups, at least `floor`, at
    most `each` for one name of the left, nearest first. Names are normalised ones."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not left or not right:
        return
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), dtype=np.float32)
    both = vectors.fit_transform([*left, *right]).tocsr()
    here, there = both[: len(left)], both[len(left) :]
    index = _lookup(there, len(right))
    for start in range(0, len(left), CHUNK):
        rows = here[start : start + CHUNK]
        near = (_telling(rows, index.shape[1], vectors.idf_) @ index).tocsr()
        yield from _exact(rows, there, near, start, each, floor)


def _lookup(there: Any, size: int) -> Any:
    """Letter groups of the right by name, without those that are too common to find anything."""
    import numpy as np

    counts = np.diff(there.tocsc().indptr)
    keep = counts <= max(COMMON * size, LEAST)
    index = there.copy()
    index.data[~keep[index.indices]] = 0
    index.eliminate_zeros()
    return index.T.tocsr()


def _telling(rows: Any, _width: int, rarity: Any) -> Any:
    """Each row with its rarest groups only."""
    import numpy as np

    kept = rows.copy()
    for start, end in zip(kept.indptr[:-1], kept.indptr[1:], strict=True):
        if end - start > TELLING:
            order = np.argpartition(-rarity[kept.indices[start:end]], TELLING)[TELLING:]
            kept.data[start + order] = 0
    kept.eliminate_zeros()
    return kept


def _exact(
    rows: Any, there: Any, near: Any, start: int, each: int, floor: float
) -> Iterator[tuple[int, int, float]]:
    """The nearest by the whole vectors among those that the rare groups found."""
    import numpy as np

    picked_left, picked_right = [], []
    for row in range(near.shape[0]):
        begin, end = near.indptr[row], near.indptr[row + 1]
        columns, values = near.indices[begin:end], near.data[begin:end]
        if len(columns) > 4 * each:
            best = np.argpartition(-values, 4 * each)[: 4 * each]
            columns = columns[best]
        picked_left.append(np.full(len(columns), row))
        picked_right.append(columns)
    if not picked_left:
        return
    one, other = np.concatenate(picked_left), np.concatenate(picked_right)
    cosines = np.asarray(rows[one].multiply(there[other]).sum(axis=1)).ravel()
    order = np.lexsort((other, -cosines, one))
    taken: dict[int, int] = {}
    for place in order:
        row = int(one[place])
        if cosines[place] >= floor and taken.get(row, 0) < each:
            taken[row] = taken.get(row, 0) + 1
            yield start + row, int(other[place]), float(cosines[place])
