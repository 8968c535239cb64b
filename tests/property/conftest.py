"""How examples are drawn: always the same ones, so that a result depends on the code alone, and none kept on disk."""

import hypothesis
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir("build/hypothesis")
hypothesis.settings.register_profile("nowcast", derandomize=True, database=None, deadline=None, max_examples=30)
hypothesis.settings.load_profile("nowcast")
