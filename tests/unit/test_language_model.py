"""Many texts at once get what py3langid gives each by itself."""

from __future__ import annotations

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from obs_lib.language_model import LanguageModel
from tests import ordinary_answers


@pytest.mark.parametrize("languages", [None, ["de", "en", "sr", "zh"]])
def test_shares_are_those_of_py3langid(languages: list[str] | None) -> None:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(languages)
    model = LanguageModel(identifier)
    texts = [text for code in ordinary_answers.LANGUAGES for text in ordinary_answers.answers(code)]
    texts += ["GROSS GESCHRIEBEN", "e\u0301te\u0301", "Добар дан, како сте?", "\x00", "\ud800 x"]
    shares = model.shares(texts)
    assert shares.shape == (len(texts), len(set(identifier.labels)))
    for text, row in zip(texts, shares, strict=True):
        assert dict(zip(model.codes, row, strict=True)) == pytest.approx(dict(identifier.rank(text)), abs=2e-5)
