"""Which image gives what: kinds of sentences, with every way to number the images."""

from __future__ import annotations

import pytest
from PIL import Image

from wegen_core.planning import plan_from_words
from wegen_core.records.conversation import Conversation

NAMES = (
    ("image 1", "image 2", "image 3"),
    ("the first photo", "the second photo", "the third photo"),
    ("pic A", "pic B", "pic C"),
    ("the 1st picture", "the 2nd picture", "the 3rd picture"),
)
NAMES_ZH = (
    ("图1", "图2", "图3"),
    ("第一张图", "第二张图", "第三张图"),
    ("图片A", "图片B", "图片C"),
    ("第一张照片", "第二张照片", "第三张照片"),
)
# {0}: the first image. o: it gives a thing, b: it is changed.
SENTENCES = {
    "Put the cat from {0} on the sofa in {1}": "1o 2b",
    "Place the lamp of {1} onto the table in {0}": "2o 1b",
    "Insert {0}'s robot into {1}": "1o 2b",
    "Take the cat in {0} and put it on the sofa in {1}": "1o 2b",
    "Replace the mug held by the woman in {0} with the flask from {1}": "1b 2o",
    "Exchange the car of {0} with that of {1}": "1b 2o",
    "Change the woman's coat in {0} into the dress from {1}": "1b 2o",
    "Give the woman in {0} the hat from {1}": "1b 2o",
    "Set the table in {2} with the plates from {0} and the candles from {1}": "1o 2o 3b",
    "Dress the man in {0} in the jacket from {1} and the hat from {2}": "1b 2o 3o",
    "Have the man in {0} hold the crown from {1}": "1b 2o",
    "The man in {0} should wear the jacket in {1}": "1b 2o",
    "I want {0}'s house to have {1}'s roof": "1b 2o",
    "Let the dog in {0} sit on the sofa in {1}": "1o 2b",
    "Let the cat in {0} sit next to the cake in {1} on a picnic blanket": "1o 2o",
    "The man from {0} and the woman from {1} sitting on a bench": "1o 2o",
    "Generate a photo of the man in {0} hugging the woman in {1}": "1o 2o",
    "Make a photo of the man from {0} holding the guitar from {1} in the room from {2}": (
        "1o 2o 3background"
    ),
    "Put the man from {0} and the woman from {1} on the bench in {2}": "1o 2o 3b",
    "Put the cat from {0} into {1}, in the style of {2}": "1o 2b 3style",
    "In {0}, add the cat from {1} on the left": "1b 2o",
    "Transfer the colors of {0} to {1}": "1palette 2b",
    "Use {0} as the style reference for {1}": "1style 2b",
    "Match the lighting of {0} to {1}": "1b 2style",
    "Edit {0} so that it has the same lighting as {1}": "1b 2style",
    "The man in {0} in the same pose as the man in {1}": "1b 2pose",
    "Change the pose of the man in {0} to the pose in {1}": "1b 2pose",
    "Replace the background in {0} with the background of {1}": "1b 2background",
    "Use {1} as the background of {0}": "2background 1b",
    "Recreate {0} using {1}'s composition": "1b 2layout",
}
SENTENCES_ZH = {
    "把{0}的猫放到{1}的沙发上": "1o 2b",
    "在{0}的桌子上放{1}的花": "1b 2o",
    "给{0}的女孩穿上{1}的裙子": "1b 2o",
    "让{0}的男人戴上{1}的帽子": "1b 2o",
    "将{0}中的汽车替换为{1}中的自行车": "1b 2o",
    "用{1}的台灯替换{0}的台灯": "2o 1b",
    "用{1}的背景替换{0}的背景": "2background 1b",
    "让{0}的狗坐在{1}的沙发上": "1o 2b",
    "{0}的男人和{1}的女人一起吃饭": "1o 2o",
    "把{0}的男人和{1}的女人放到{2}的长椅上": "1o 2o 3b",
    "{0}的女孩坐在{1}的椅子上，手里抱着{2}的猫": "1o 2b 3o",
    "用{2}的色调，把{0}的房子和{1}的树画在一起": "3palette 1o 2o",
    "参考{1}的光线，给{0}重新打光": "2style 1b",
    "{0}的人摆出{1}的姿势": "1b 2pose",
    "把{0}的背景换成{1}": "1b 2background",
    "根据{0}的人物和{1}的猫，生成一张海报": "1o 2o",
}


@pytest.mark.parametrize(
    ("sentence", "names", "roles"),
    [
        (sentence, names, roles)
        for table, all_names in ((SENTENCES, NAMES), (SENTENCES_ZH, NAMES_ZH))
        for sentence, roles in table.items()
        for names in all_names
    ],
)
def test_roles_follow_from_the_sentence_however_images_are_numbered(sentence, names, roles):
    conversation = Conversation()
    pictures = [Image.new("RGB", (64, 48), (40 * k, 90, 60)) for k in range(sentence.count("{"))]
    conversation.add("user", *pictures, sentence.format(*names))
    kinds = {"base": "b", "subject": "o", "object": "o"}
    references = plan_from_words(conversation).references
    assert {f"{r.image}{kinds.get(r.role, r.role)}" for r in references} == set(roles.split())
