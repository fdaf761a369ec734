"""Which language a prompt is in; most prompts are a few words."""

from __future__ import annotations

import pytest

from wegen_core.constraints.language import LANGUAGE_NAMES, detect_language

TEXTS = {
    "en": "a cat|two red cats, no text|no people|cyberpunk|a film noir detective|café at night|"
    "a clockmaker's workshop|a tram in Lisbon|a siesta under a tree|fire dragon|1girl, solo",
    "es": "un gato rojo|una niña en la playa|gato negro|castillo medieval al atardecer",
    "fr": "un chat noir|une table orange|une fille sur la plage|coucher de soleil sur la mer",
    "de": "ein roter Hund|Hund am Strand|alte Frau mit Blumen|Sonnenuntergang über dem Meer",
    "it": "un gatto rosso|una ragazza in spiaggia|tramonto sul mare|ritratto di una donna",
    "pt": "um gato vermelho|menina na praia|pôr do sol no mar|dois gatos",
    "nl": "een rode kat|meisje op het strand|oude vrouw met bloemen",
    "sv": "en röd katt|två hundar|flicka på stranden",
    "pl": "czerwony kot|dziewczyna na plaży|zachód słońca nad morzem",
    "tr": "kırmızı kedi|sahilde bir kız|iki köpek",
    "vi": "một con mèo đỏ|con mèo|lâu đài trong rừng",
    "id": "kucing merah|seorang gadis di pantai",
    "ru": "красная кошка",
    "uk": "дівчина на пляжі",
    "ar": "قطة حمراء",
    "fa": "گربه قرمز",
    "he": "חתול אדום",
    "hi": "लाल बिल्ली",
    "th": "แมวสีแดง",
    "ko": "빨간 고양이",
    "ja": "赤い猫",
    "zh": "红猫|一只猫 cat",
    "el": "κόκκινη γάτα",
    "": "123|",
}


@pytest.mark.parametrize(
    ("text", "language"), [(t, code) for code, texts in TEXTS.items() for t in texts.split("|")]
)
def test_language(text, language):
    assert detect_language(text) == language
    assert not language or LANGUAGE_NAMES[language]
