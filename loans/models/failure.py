"""Loans that the end of day left behind: what failed, since when and how often."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class EndOfDayFailure(models.Model):
    """One loan that can't be brought up to date, from the first run that failed to the one that did it.

    `error` and `place` say what broke and where; `words` only what our own refusals say, because the words of other
    errors may hold what people entered. The log has the rest under `reference`. `open_key` holds the loan's id until
    the failure is cleared.
    """

    reference = models.CharField(_("reference"), max_length=16, unique=True, editable=False)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="end_of_day_failures")
    open_key = models.BigIntegerField(unique=True, null=True, blank=True, editable=False)
    first_on = models.DateField(_("first day"))
    last_on = models.DateField(_("last day"))
    last_at = models.DateTimeField(_("last tried"))
    times = models.PositiveIntegerField(_("how often"), default=0)
    error = models.CharField(_("error"), max_length=100)
    place = models.CharField(_("where"), max_length=160, blank=True)
    words = models.CharField(_("words"), max_length=300, blank=True)
    cleared_at = models.DateTimeField(_("cleared"), null=True, blank=True)

    class Meta:
        verbose_name = _("loan left behind")
        verbose_name_plural = _("loans left behind")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(open_key__isnull=False, cleared_at__isnull=True)
                | Q(open_key__isnull=True, cleared_at__isnull=False),
                name="failure_open_is_marked",
            )
        ]

    def __str__(self) -> str:
        return self.reference
