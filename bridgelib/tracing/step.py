"""One step of the chain that leads from the raw demonstrations to a result."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridgelib.layout import portable_path
from bridgelib.seals import seal_of

AS_RECORDED = ""
GONE = "it is not there"


@dataclass(frozen=True)
class Step:
    """A result and what it was made from.

    Attributes:
        name: The rule that made it; "raw" for demonstrations that no rule made.
        file: Its main file.
        options: What was asked for, as its origin records it.
        state: Whether it is still what was read for the result before it; AS_RECORDED, or in words what is otherwise.
        made: When, where and with which code and lock; None where nothing recorded that.
        content_ids: Trajectory, from the raw root -> its content id; of raw demonstrations only.
        sources: What it was made from.
    """

    name: str
    file: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    state: str = AS_RECORDED
    made: Mapping[str, Any] | None = None
    content_ids: Mapping[str, str] = field(default_factory=dict)
    sources: tuple["Step", ...] = ()

    @classmethod
    def of(cls, name: str, file: Path, state: str = AS_RECORDED, **more: Any) -> "Step":
        """A step with what its seal says; that of an older release says nothing."""
        seal = seal_of(file)
        made = seal.made if seal else None
        return cls(name, file, state=state if file.exists() else GONE, made=made, **more)

    def all_content_ids(self) -> dict[str, str]:
        """The content ids of all demonstrations that it goes back to."""
        found = dict(self.content_ids)
        for source in self.sources:
            found |= source.all_content_ids()
        return found

    def to_json(self) -> dict[str, Any]:
        """The whole chain."""
        own = {"step": self.name, "file": portable_path(self.file), "made": self.made, "options": self.options}
        ids = {"content_ids": self.content_ids} if self.content_ids else {}
        state = {"attention": self.state} if self.state else {}
        return {**own, **state, **ids, "from": [source.to_json() for source in self.sources]}

    def walk(self) -> Iterator["Step"]:
        """This step and all before it."""
        yield self
        for source in self.sources:
            yield from source.walk()
