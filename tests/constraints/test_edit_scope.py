"""How much of an image a change touches."""

from __future__ import annotations

import pytest

from wegen_core.constraints.edit_scope import edit_scope
from wegen_core.constraints.requests import read_request


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ("make the boat darker", "local"),
        ("turn the whole image darker", "global"),
        ("replace the background", "background"),
        ("make it darker", "global"),
        ("darker", "global"),
        ("make it bigger", "local"),
        ("make the light blue jacket longer", "local"),
        ("the sky is too dark, brighten it", "local"),
        ("it feels empty, add some people", "local"),
        ("add fog over the lake", "local"),
        ("add fog", "global"),
        ("remove everything behind the couple", "background"),
        ("remove the man behind her", "local"),
        ("crop the bottom", "global"),
        ("pan to the right", "global"),
        ("show it from farther away", "global"),
        ("move the camera to the left", "global"),
        ("make it from a low angle", "global"),
        ("把镜头拉远", "global"),
        ("换成俯视视角", "global"),
        ("move the camera to the left of the desk", "local"),
        ("turn the pan red", "local"),
        ("给相机换一个镜头", "local"),
        ('write "A DARK NIGHT" on the wall', "local"),
        ("as a tarot card", "global"),
        ("make the boat red and turn it into a watercolour", "global"),
        ("天空再蓝一点", "local"),
        ("再蓝一点", "local"),
        ("再亮一点", "global"),
        ("天空的对比度强一点", "local"),
        ("白底", "background"),
        ("把人放到沙漠里", "background"),
    ],
)
def test_scope_follows_from_what_the_change_is_about(words, scope):
    assert edit_scope(read_request(words).changes) == scope


def test_without_words_there_is_no_scope():
    assert edit_scope(()) is None and edit_scope(read_request("?!").changes) is None
