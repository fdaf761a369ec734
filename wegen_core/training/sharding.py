"""FSDP2: the processes share out what a stage trains, with its gradients and optimiser state.

Frozen parts stay whole on every device: a pack without images does not use them, and then no other
process may wait for this one. Checkpoints hold whole tensors, whatever number of processes wrote
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from .stage_modules import PainterStage


def shard_stage(module: nn.Module, device: torch.device) -> None:
    """Move a stage to `device` and share its trained parameters between all processes, in place.

    Raises
    ------
    ImportError
        torch is older than 2.7.
    """
    try:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard
    except ImportError as error:
        raise ImportError("--shard needs torch 2.7 or newer: update torch") from error
    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    frozen = {p for p in module.parameters() if not p.requires_grad}
    for block in (*_blocks(module), module):
        fully_shard(block, mesh=mesh, ignored_params=frozen)
    module.to(device)


def unshard_stage(module: nn.Module) -> None:
    """Give every process whole parameters again, in place; all of them must call it."""
    from torch.distributed.fsdp import FSDPModule

    for part in module.modules():
        if isinstance(part, FSDPModule):
            part.reshard()
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            if _is_shared(parameter):
                part.register_parameter(name, nn.Parameter(whole(parameter.detach())))


def whole(tensor: Tensor) -> Tensor:
    """A shared tensor in one piece; all processes must call it."""
    return getattr(tensor, "full_tensor", lambda: tensor)()


def gather(value: Any, keep: bool) -> Any:
    """`value`, a tree of dicts and lists, with shared tensors in one piece and in main memory.

    All processes must call it; those that do not `keep` the tensors get None in their place.
    """
    if isinstance(value, dict):
        return {key: gather(item, keep) for key, item in value.items()}
    if isinstance(value, list):
        return [gather(item, keep) for item in value]
    if not _is_shared(value):
        return value
    piece = whole(value)
    return piece.cpu() if keep else None


def scatter(tensor: Tensor, like: Tensor) -> Tensor:
    """The part of a tensor that belongs to this process, if `like` is shared; else the tensor."""
    if not _is_shared(like):
        return tensor
    from torch.distributed.tensor import DTensor, distribute_tensor

    assert isinstance(like, DTensor)  # noqa: S101
    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements)


def _is_shared(value: Any) -> bool:
    return hasattr(value, "full_tensor")


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The parts whose parameters are gathered together while they compute."""
    net: Any = module.net
    if isinstance(module, PainterStage):
        yield from (*net.unet.down_blocks, net.unet.mid_block, *net.unet.up_blocks)
    else:
        yield from (*net.llm.model.layers, net.llm.model.embed_tokens, net.llm.lm_head)
