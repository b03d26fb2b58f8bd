"""Lookups that take a list as one parameter: quick to make, and however long, unlike `__in` on SQLite."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Field, ForeignObject, Lookup


@ForeignObject.register_lookup
@Field.register_lookup
class AnyOf(Lookup[Any]):
    """`field__any_of=[…]`: like `__in`, but with one parameter for all values, however many."""

    lookup_name = "any_of"

    def get_prep_lookup(self) -> list[Any]:
        field = self.lhs.output_field
        field = getattr(field, "target_field", field)
        return [field.get_prep_value(value) for value in self.rhs]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(self.rhs)]  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*parameters, self.rhs]


class TupleAnyOf(Lookup[Any]):
    """The same for several text fields together: `TupleAnyOf(Tuple(F("a"), F("b")), [(…, …), …])`."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, parameters = self.process_lhs(compiler, connection)
        values = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(len(self.rhs[0])))
        return f"{left} IN (SELECT {values} FROM json_each(%s))", [*parameters, json.dumps(self.rhs)]  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, parameters = self.process_lhs(compiler, connection)
        columns = [list(column) for column in zip(*self.rhs, strict=True)]
        lists = ", ".join(["%s::text[]"] * len(columns))
        return f"{left} IN (SELECT * FROM unnest({lists}))", [*parameters, *columns]  # noqa: S608
