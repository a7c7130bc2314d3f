"""One rule per object that says who may see it: pages, the API and the staff desk all ask it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
NOBODY = Q(pk__isnull=True)


def nobody(_person: Any) -> Q:
    """Rows that members never see."""
    return NOBODY


@dataclasses.dataclass(frozen=True, slots=True)
class AccessRule(Generic[Row]):
    """Who may see the rows of a table.

    `own` are a signed-in member's own rows, `others` what they may see beside them, `public` what visitors see too.
    `duty` is the permission with which staff see every row; staff without it, in no group or suspended see no more than
    a visitor.
    """

    model: type[Row]
    duty: str
    own: Callable[[Any], Q] = nobody
    others: Callable[[Any], Q] = nobody
    public: Q = NOBODY

    def visible_to(self, person: Any) -> QuerySet[Row]:
        """The rows that this person, a visitor too, may see. Members without a row see none of others."""
        rows = self.model._default_manager.all()
        if person.is_authenticated and self.is_permitted_to(person):
            return rows
        if not person.is_authenticated or person.is_staff:
            return rows.filter(self.public)
        return rows.filter(self.public | self.own(person) | self.others(person))

    def is_permitted_to(self, person: Any) -> bool:
        """Whether this person sees every row, as staff whose job it is."""
        return bool(person.has_perm(self.duty))

    def own_of(self, person: Any) -> QuerySet[Row]:
        """The rows that are this person's own, whatever else they may see."""
        rows = self.model._default_manager.all()
        return rows.filter(self.own(person)) if person.is_authenticated else rows.none()
