"""The schema of each version that serves, read once: a version's definition never changes."""

from collections import OrderedDict
from dataclasses import dataclass, field

from sluice.alias import Alias
from sluice.aws.objects import Objects
from sluice.inference.schema import Schema

_KEPT = 64


@dataclass(frozen=True)
class Schemas:
    objects: Objects
    _read: "OrderedDict[str, Schema]" = field(default_factory=OrderedDict)

    def of(self, alias: Alias) -> Schema:
        """Raises ObjectMissingError or DefectError."""
        uri = alias.definition_uri
        if uri not in self._read:
            self._read[uri] = Schema.from_json(self.objects.read_uri(uri))
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
        self._read.move_to_end(uri)
        return self._read[uri]
