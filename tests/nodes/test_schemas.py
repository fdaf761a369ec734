"""What the nodes say about themselves, on the stand-in for the oldest ComfyUI supported."""

from __future__ import annotations

from tests.support.node_contract import CONTRACT, assert_explained, contract_of

HIDDEN = {"WeGenPlanReply", "WeGenHeld", "WeGenUnpack", "WeGenFinish"}


def test_nodes_keep_their_ids_inputs_widgets_and_outputs(pack):
    assert contract_of(pack.object_info) == CONTRACT
    assert set(pack.nodes) == {*CONTRACT, *HIDDEN}


def test_everything_is_explained(pack):
    assert_explained(pack.object_info)


def test_class_names_are_node_ids(pack):
    assert [node.__name__ for node in pack.nodes.values()] == list(pack.nodes)


def test_only_nodes_that_may_paint_with_others_may_expand(pack):
    expanding = {name for name, node in pack.nodes.items() if node.GET_SCHEMA().enable_expand}
    assert expanding == {"WeGenGenerate", "WeGenRefine", "WeGenCompose", "WeGenChat", "WeGenFinish"}
