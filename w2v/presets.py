"""Presets: named settings of skip-gram and CBOW, chosen by the size of the text (--preset)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from w2v.setting_fields import training_setting

PRESETS = ("fast", "standard", "thorough")
SETTINGS = ("dim", "window", "negative", "epochs")  # what a preset sets

# For each model: for texts of fewer words than this, SETTINGS of each preset. They were chosen by
# the mean of WordSim, SimLex, MTurk and analogies on the first 1, 10 and 100 MB of Wikipedia, which
# have 0.17, 1.7 and 17 million words. Where more time brings nothing, thorough is standard:
# skip-gram on 100 MB, one seed: 51.2 with 200 / 5 / 5 / 10, 50.8 with 10 negative samples, 50.5
# with 300 dimensions and 15 epochs, 50.1 with 300 dimensions and window 10. On 10 MB, two seeds:
# 37.5 with 100 / 5 / 5 / 20, 36.0 with 40 epochs, 36.7 with window 10, and 36.6 with 12 negative
# samples in this window.
TABLE = {
    "skipgram": {
        500_000: ((100, 5, 5, 15), (100, 5, 5, 40), (100, 5, 5, 40)),
        5_000_000: ((100, 5, 5, 10), (100, 5, 5, 20), (100, 5, 5, 20)),
        50_000_000: ((100, 5, 5, 5), (200, 5, 5, 10), (200, 5, 5, 10)),
        math.inf: ((100, 5, 5, 3), (200, 5, 5, 5), (300, 5, 5, 5)),
    },
    "cbow": {
        500_000: ((100, 10, 12, 15), (100, 10, 12, 40), (100, 10, 12, 40)),
        5_000_000: ((100, 10, 12, 10), (100, 10, 12, 20), (200, 10, 12, 20)),
        50_000_000: ((100, 5, 5, 5), (200, 8, 10, 10), (300, 8, 10, 15)),
        math.inf: ((100, 5, 5, 3), (200, 8, 10, 5), (300, 8, 10, 5)),
    },
}


@dataclass(frozen=True)
class PresetSettings:
    """The choice of a preset."""

    preset: str | None = training_setting(
        None, "Set --dim, --window, --negative and --epochs for the size of the text. fast: good "
        "vectors soon; standard: better ones; thorough: the best, which take longest. Options that "
        "are given stay as they are. --dry-run says what each preset sets and takes.",
        choices=PRESETS, shown="no preset",
    )  # fmt: skip


def settings_of(model: str, preset: str, words: int) -> dict[str, Any]:
    """The settings of a preset, by name.

    model   the name of a model in TABLE
    preset  one of PRESETS
    words   number of words of the text
    """
    rows = TABLE[model]
    row = rows[min(limit for limit in rows if words < limit)]
    return dict(zip(SETTINGS, row[PRESETS.index(preset)], strict=True))
