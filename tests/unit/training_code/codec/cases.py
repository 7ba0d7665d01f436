"""Cells that files really hold, and those that break naive readers; a codec to encode them."""

from hypothesis import strategies as st

from codec.codec import BINARY, CATEGORICAL, NUMERIC, Codec, Feature, Target

MISSING = frozenset({"", "NA"})
FEATURES = (Feature("age", NUMERIC), Feature("city", CATEGORICAL, ("Bonn", "Köln", "1")))
TARGET = Target("left", BINARY, ("No", "Yes"))
CODEC = Codec(TARGET, FEATURES, frozenset({"id", "left"}), MISSING)
FILLING = Codec(
    TARGET,
    (Feature("age", NUMERIC, fill=41.5), Feature("city", CATEGORICAL, ("Bonn",), fill=2.0)),
    frozenset(),
    MISSING,
)

CELLS = st.one_of(
    st.text(max_size=12),
    st.floats().map(repr),
    st.integers(-(10**6), 10**6).map(str),
    st.sampled_from(["", " ", "NA", " NA ", "nan", "inf", "nan(1)", "1_000", "1e39", "1e400", "-0", "+5", ".5", "5."]),
    st.sampled_from(["٣", "Bonn", " Bonn ", "1", "\u2003 7", "\x1f7", "0x10", "1e5", "Infinity", "1,5", "12 months"]),
)
