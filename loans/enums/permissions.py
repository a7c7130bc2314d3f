"""Names of the duties that services and access rules of loans ask for; `adminpanel` gives them to groups of staff."""

from __future__ import annotations

READ_LOAN_DOCUMENTS = "loans.view_loandocument"
REVIEW_APPLICATIONS = "adminpanel.review_applications"
WORK_COLLECTIONS = "adminpanel.work_collections"
WAIVE_CHARGES = "adminpanel.waive_charges"
DECIDE_REPAYMENTS = "adminpanel.decide_repayments"
RECORD_RECOVERIES = "adminpanel.record_recoveries"
FREEZE_LOANS = "adminpanel.freeze_loans"
MODERATE_QUESTIONS = "adminpanel.moderate_questions"
RUN_JOBS = "adminpanel.run_jobs"

VIEW_LOANS = "loans.view_loan"
VIEW_PRODUCTS = "loans.view_loanproduct"
VIEW_REPAYMENTS = "loans.view_repayment"
VIEW_COMMITMENTS = "loans.view_commitment"
VIEW_NOTES = "loans.view_note"
VIEW_INSTALMENTS = "loans.view_instalment"
VIEW_DISTRIBUTIONS = "loans.view_distribution"
VIEW_QUESTIONS = "loans.view_loanquestion"
