"""What no input file should hold: strategies of hypothesis."""

from hypothesis import strategies as st

FRAGMENTS = [
    *"abc012[]{}:,-?&*!|>'\"%@`#~.\n\t \\",
    ": ",
    "- ",
    "\n  ",
    "\n- ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!int ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "null",
    "1e999",
    ".nan",
    "population:",
    "plans:",
    "users: 1",
    "cache: ",
    "kind: ttl",
    "ttl: 6 h",
    "\\U0011ffff",
    "\u2028",
    "\x85",
    "\ufeff",
]
KEYS = st.sampled_from(
    [
        "population",
        "users",
        "plans",
        "a",
        "cache",
        "layers",
        "kind",
        "ttl",
        "share",
        "segments",
        "name",
        "start",
        "table",
        "on_miss",
        "replay",
        "price",
        "notes",
        "live",
        "workers",
        "shape",
        "daily_active",
        "[key]",
        "str",
        "v1.2",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(
        ["ttl", "sliding", "6 h", "130 %", "1M", "compute", "x", "2026-03-02", "1 km", "1 1", "h", "1e999 h"]
    ),
    st.text(max_size=8),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=30,
)
