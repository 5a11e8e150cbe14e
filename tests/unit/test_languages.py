"""Texts are told apart by language, and what is in none is in none."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.languages import LANGUAGES, Unmeasured, are_kin, language_name, language_of, languages_of, names_language
from tests import ordinary_answers

SENTENCES = {
    "en": "The warehouse sends every parcel on the morning after the payment.",
    "nl": "Het magazijn verstuurt elk pakket op de ochtend na de betaling.",
    "pl": "Magazyn wysyła każdą paczkę następnego dnia po zapłacie.",
    "sv": "Lagret skickar varje paket på morgonen efter betalningen.",
    "tr": "Depo her paketi ödemeden sonraki sabah gönderir.",
    "ko": "창고는 결제 다음 날 아침에 모든 소포를 보냅니다.",
    "vi": "Kho hàng gửi mọi bưu kiện vào buổi sáng sau khi thanh toán.",
    "el": "Η αποθήκη στέλνει κάθε δέμα το πρωί μετά την πληρωμή.",
    "he": "המחסן שולח כל חבילה בבוקר שאחרי התשלום.",
    "uk": "Склад надсилає кожну посилку вранці після оплати.",
    "th": "คลังสินค้าจัดส่งพัสดุทุกชิ้นในเช้าวันถัดไปหลังชำระเงิน",
    "fi": "Varasto lähettää jokaisen paketin maksua seuraavana aamuna.",
    "hu": "A raktár minden csomagot a fizetés utáni reggelen küld el.",
    "id": "Gudang mengirim setiap paket pada pagi hari setelah pembayaran.",
}
IN_NONE = [
    *(
        "",
        " \n",
        "51",
        "3.14159",
        "2026-03-03T10:00:00Z",
        "Lima",
        "Yes.",
        "No.",
        "OK",
        "(B)",
        "👍👍",
        "...",
        "C. 42",
        "rqu",
    ),
    "```python\ndef reverse(text):\n    return text[::-1]\n```",
    "def rev(s): return s[::-1]",
    "SELECT * FROM users WHERE id = 3",
    '{"name": "Anna", "city": "Berlin"}',
    "kubectl get pods -n kube-system",
    "https://example.org/über/uns support@beispiel.example",
    "Wolfgang Amadeus Mozart",
    "`Größe`",
]


@pytest.mark.parametrize(("code", "text"), SENTENCES.items())
def test_a_sentence_is_in_its_language(code: str, text: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize("code", ordinary_answers.LANGUAGES)
def test_ordinary_answers_are_in_their_language(code: str) -> None:
    found = [language_of(text) for text in ordinary_answers.answers(code)]
    assert found.count(code) >= 18, found
    assert all(other is not None and are_kin(other, code) for other in found), found


@pytest.mark.parametrize("text", IN_NONE)
def test_code_numbers_names_and_short_words_are_in_no_language(text: str) -> None:
    assert language_of(text) is None


def test_code_beside_prose_does_not_count() -> None:
    code = "```python\nfor item in the_list_of_all_items:\n    print(item)  # and the rest of the items\n```"
    assert language_of(f"{code}\nDie Schleife gibt jedes Element der Liste aus.") == "de"
    assert language_of(f"Die Schleife gibt jedes Element der Liste aus.\n{code}") == "de"


@given(st.text(max_size=300))
def test_any_text_is_in_a_known_language_or_in_none(text: str) -> None:
    found = language_of(text)
    assert found is None or found in LANGUAGES
    assert language_of(text) == found
    assert language_of(f"{text}\n```\nx") == language_of(f"{text}\n```\ny"), "what stands in a code block is not read"


def test_many_texts_at_once_are_told_as_one_by_one() -> None:
    ordinary = [text for code in ordinary_answers.LANGUAGES for text in ordinary_answers.answers(code)]
    texts = [
        *SENTENCES.values(),
        *IN_NONE,
        *ordinary,
        None,
        "ÜBER ALLES, WAS GUT IST",
        "SHOUTED IN ENGLISH",
        "A\u0308rger im Haus",
    ]
    assert len(ordinary) > 100
    assert languages_of(texts) == [language_of(text) for text in texts]
    assert languages_of([]) == []


@given(st.lists(st.text(max_size=80), max_size=6))
def test_no_text_changes_what_is_found_of_its_neighbours(texts: list[str]) -> None:
    assert languages_of(texts) == [languages_of([text])[0] for text in texts] == [language_of(text) for text in texts]


@given(st.sampled_from(["prompt", "response", "contexts"]), *[st.sampled_from(sorted(LANGUAGES))] * 2)
def test_a_reason_can_be_read_from_its_note(text: str, language: str, measured: str) -> None:
    why = Unmeasured(text, language, (measured,))
    assert Unmeasured.of_note(why.note) == why
    assert language_name(language) in why.note


@pytest.mark.parametrize(
    "note",
    [
        "",
        "there is no answer",
        "answer in Klingon; measured on English",
        "answer in German",
        "the prompt names a language",
    ],
)
def test_other_notes_give_no_language(note: str) -> None:
    assert Unmeasured.of_note(note) is None


@pytest.mark.parametrize(
    "prompt",
    [
        *("Reply in English.", "auf Deutsch bitte", "Responde en inglés", "réponds en français", "Ответь по-английски"),
        *(
            "英語で答えてください",
            "请用英文回答",
            "أجب بالإنجليزية",
            "vastaa englanniksi",
            "po angielsku proszę",
            "Rispondi in tedesco.",
        ),
    ],
)
def test_a_language_is_named_in_english_in_itself_and_in_others(prompt: str) -> None:
    assert names_language(prompt)


@pytest.mark.parametrize(
    "prompt", ["How do I bake bread?", "Wie backe ich Brot?", "面包怎么做？", "great persons dance", ""]
)
def test_ordinary_prompts_name_none(prompt: str) -> None:
    assert not names_language(prompt)


@pytest.mark.parametrize("text", ["<a>" * 50_000, "." * 200_000, "a@" * 100_000, "```\n" * 50_000, "\ud800 x " * 9_000])
def test_a_hostile_text_costs_little(text: str) -> None:
    language_of("The model is loaded now.")
    began = time.process_time()
    language_of(text)
    names_language(text)
    assert time.process_time() - began < 1


@pytest.mark.real
def test_real_english_answers_are_in_no_other_language(real_data: Path) -> None:
    texts = set(_texts(real_data / "logs" / "chat"))
    foreign = [text for text in texts if language_of(text) not in ("en", None)]
    assert len(texts) > 1000
    assert len(foreign) <= 0.001 * len(texts), foreign[:5]


def _texts(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("*.gz"))[:3]:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from (text for line in lines if (text := json.loads(line).get("response")))
