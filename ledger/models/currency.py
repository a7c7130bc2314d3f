"""Which currency the amounts in the books are in."""

from __future__ import annotations

from django.db import models


class BooksCurrency(models.Model):
    """One row, written with the first entry and never changed: amounts are whole numbers of its minor unit."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    code = models.CharField(max_length=3)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="books_currency_is_one_row")]

    def __str__(self) -> str:
        return self.code
