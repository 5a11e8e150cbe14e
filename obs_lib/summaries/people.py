"""What people say of a score, by request, from the labels of a day."""

from __future__ import annotations

import pandas as pd

from obs_lib.summaries.label_options import LabelOptions


def people(labels: pd.DataFrame, score: str, options: LabelOptions) -> pd.DataFrame:
    """People's verdicts on a score by request id: the share of them that are positive.

    Columns drawn, inclusion_probability (of labels drawn at random with a known probability) and picked (of all others); NaN
    for none. A request that was drawn twice with different probabilities counts with the larger one.
    """
    names = [name.casefold() for name in options.names(score)]
    of_score = labels[labels["name"].str.casefold().isin(names) & ~labels["source"].isin(options.ignored_sources)]
    verdicts = [
        options.verdict(score, None if pd.isna(value) else float(value), text if isinstance(text, str) else None)
        for value, text in zip(of_score["value"], of_score["text"], strict=True)
    ]
    of_score = of_score.assign(verdict=pd.Series(verdicts, index=of_score.index, dtype="float64"))
    of_score = of_score.dropna(subset=["verdict"])
    random = of_score["inclusion_probability"].notna() & ~of_score["source"].isin(options.feedback_sources)
    drawn = (
        of_score[random]
        .groupby("request_id")
        .agg(drawn=("verdict", "mean"), inclusion_probability=("inclusion_probability", "max"))
    )
    picked = of_score[~random].groupby("request_id").agg(picked=("verdict", "mean"))
    return drawn.join(picked, how="outer").astype("float64")
