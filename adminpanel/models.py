"""Duties of staff that are no right on one table: only their permissions exist, no rows."""

from __future__ import annotations

from django.db import models


class StaffDuty(models.Model):
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
            ("view_books", "Read the books and run the checks"),
            ("change_settings", "Change settings and loan products"),
            ("run_jobs", "Run jobs now"),
            ("move_demo_date", "Move the date of the demo"),
            ("give_groups", "Give staff their groups"),
        ]
