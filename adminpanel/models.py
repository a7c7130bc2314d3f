"""Duties of staff that are no right on one table (only their permissions exist), and moves of the demo's date."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffPermission(models.Model):
    """Carries the permissions below (`adminpanel.permissions` gives them to groups). There is no such table."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("review_applications", "Review loan applications"),
            ("close_listings", "Close listings"),
            ("pay_out_loans", "Pay out loans"),
            ("decide_deposits", "Decide about deposits"),
            ("decide_withdrawals", "Decide about withdrawals"),
            ("decide_repayments", "Decide about repayments"),
            ("work_collections", "Work on loans that are late"),
            ("waive_charges", "Waive interest and late fees"),
            ("decide_approvals", "Decide what needs a second person"),
            ("record_recoveries", "Record money recovered after a loss"),
            ("freeze_loans", "Freeze loans under suspicion"),
            ("moderate_questions", "Publish or refuse questions that are held"),
            ("view_books", "Read the books and run the checks"),
            ("change_settings", "Change settings and loan products"),
            ("run_jobs", "Run jobs now"),
            ("move_demo_date", "Move the date of the demo"),
            ("give_groups", "Give staff their groups"),
        ]


class DateMove(models.Model):
    """The date of the demo on its way from one day to another. The days between are lived one after another.

    `open_key` is 1 until the last day is over, so that there is one move at a time. `worked_at` is when, for the
    machine, a worker last gave a sign of life; nobody works at a move where that is empty.
    """

    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    reached = models.DateField(_("lived up to"))
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    worked_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("done"), null=True, blank=True)
    failure = models.CharField(_("failure"), max_length=500, blank=True)
    open_key = models.PositiveSmallIntegerField(unique=True, null=True, blank=True, default=1, editable=False)

    class Meta:
        verbose_name = _("move of the date")
        verbose_name_plural = _("moves of the date")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_day - self.first_day).days

    @property
    def days_done(self) -> int:
        """How many of them were lived."""
        return (self.reached - self.first_day).days
