"""Settings of all tests: hypothesis draws the same examples every time and knows no deadline."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "predcost",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("predcost")
