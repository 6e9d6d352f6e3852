"""Settings of all tests: hypothesis draws the same examples every time and knows no deadline.

Nothing is stored between tests, or they would look at what an earlier one simulated; those of the store have their own.
"""

import os

from hypothesis import HealthCheck, settings

os.environ["PREDCOST_OUTCOMES"] = "off"
settings.register_profile(
    "predcost",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("predcost")
