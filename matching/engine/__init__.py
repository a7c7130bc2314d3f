"""Who may lend to what, what fits whom, and how a loan is shared out: pure functions of figures.

No Django, no clock, no database. Amounts are minor units, rates are Decimal fractions.

- ``eligibility``  does a rule allow a loan
- ``scoring``      how well a loan fits a lender, with the reasons
- ``allocation``   how much of a loan each rule gets
"""
