"""Write obs_lib/evaluators/weights/profanity-lexicon.json from the package alt-profanity-check.

    pip download --no-deps alt-profanity-check==1.9.1; unzip it into FOLDER
    python -m training.profanity_lexicon FOLDER     # from tools/

Its joblib files are pickles: run this where running the package itself would be all right. Five classifiers are averaged.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import joblib  # type: ignore[import-untyped]
import numpy as np

from obs_lib.evaluators.lexicon import FILE

ORIGIN = {
    "package": "alt-profanity-check 1.9.1 (PyPI)",
    "sha256": "cccb8ce072306bac21188670777a25cfb1de978aa8c7a93c8e4a43c03b3945c3",
    "licence": "MIT, Copyright (c) 2018 Victor Zhou, 2021 Menelaos Kotoglou, and Dimitrios Mistriotis. Permission is hereby "
    "granted, free of charge, to any person obtaining a copy of this software and associated documentation files, to deal in "
    "the Software without restriction; the software is provided as is, without warranty of any kind. Full text: "
    "https://opensource.org/license/mit",
    "trained_on": "its authors name Davidson's tweets and the Jigsaw toxic comments of Wikipedia",
}


def main(folder: Path) -> None:
    parts = folder / "profanity_check" / "data"
    vectorizer, model = joblib.load(parts / "vectorizer.joblib"), joblib.load(parts / "model.joblib")
    estimators = [one.estimator for one in model.calibrated_classifiers_]
    weights = np.mean([one.coef_[0] for one in estimators], axis=0)
    bias = float(np.mean([one.intercept_[0] for one in estimators]))
    words = {
        word: [round(float(vectorizer.idf_[place]), 3), round(float(weights[place]), 3)]
        for word, place in sorted(vectorizer.vocabulary_.items())
    }
    text = json.dumps({"origin": ORIGIN, "bias": round(bias, 4), "words": words}, ensure_ascii=False)
    FILE.write_text(text.replace('], "', '],\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
