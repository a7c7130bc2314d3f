"""Names of the duties that services of loans ask for; `adminpanel` gives them to groups of staff."""

from __future__ import annotations

WORK_COLLECTIONS = "adminpanel.work_collections"
WAIVE_CHARGES = "adminpanel.waive_charges"
DECIDE_REPAYMENTS = "adminpanel.decide_repayments"
DECIDE_APPROVALS = "adminpanel.decide_approvals"
RECORD_RECOVERIES = "adminpanel.record_recoveries"
RUN_JOBS = "adminpanel.run_jobs"
VIEW_LOANS = "loans.view_loan"
