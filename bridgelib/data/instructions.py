"""The language goal of a trajectory: one of its instructions, embedded."""

from collections.abc import Mapping, Sequence

import numpy as np

from bridgelib.errors import DataError


class Instructions:
    """Draws an instruction for each sample and gives its embedding.

    Args:
        languages: The instructions of each trajectory; a trajectory that is never sampled may have none.
        table: Instruction -> float32 [E].

    Raises:
        DataError: An instruction is not in the table.
    """

    def __init__(self, languages: Sequence[Sequence[str]], table: Mapping[str, np.ndarray]):
        distinct = sorted({text for texts in languages for text in texts})
        missing = [text for text in distinct if text not in table]
        if missing:
            raise DataError(
                "language table",
                given=f"no embedding of {len(missing)} of {len(distinct)} instructions, the first: {missing[0]!r}",
                do="embed the instructions of these TFRecords again; set skip_unlabeled to leave out empty ones",
            )
        row = {text: number for number, text in enumerate(distinct)}
        self._embeddings = np.array([table[text] for text in distinct], np.float32)
        self._count = np.array([len(texts) for texts in languages], np.int64)
        self._first = np.cumsum(self._count) - self._count
        self._rows = np.array([row[text] for texts in languages for text in texts], np.int64)

    def embeddings(self, trajectory: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Embeddings of one instruction each, uniform over those of its trajectory.

        Args:
            trajectory: int64 [B].
            draws: float64 [B]; uniform numbers in [0, 1).

        Returns:
            float32 [B, E].
        """
        chosen = self._first[trajectory] + np.floor(draws * self._count[trajectory]).astype(np.int64)
        return self._embeddings[self._rows[chosen]]
