"""A difference between product and model is told in full."""

import pytest

for module in ("life", "living", "paying", "trouble"):
    pytest.register_assert_rewrite(f"loans.tests.servicing.lives.{module}")
