"""Tiny random detectors, trackers and encoders, saved as model folders."""

from __future__ import annotations

import json
from pathlib import Path

import torch

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] . a red green cat dog moving thing".split()


def _tokenizer(folder: Path) -> None:
    from transformers import BertTokenizerFast

    (folder / "vocab.txt").write_text("\n".join(WORDS), "utf-8")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)


def _processor(folder: Path, **settings: object) -> None:
    data = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], **settings}
    (folder / "preprocessor_config.json").write_text(json.dumps(data), "utf-8")


def grounding_dino(folder: Path) -> Path:
    """Grounding DINO with a Swin of four stages and a BERT of two layers."""
    from transformers import (
        BertConfig,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        SwinConfig,
    )

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    swin = SwinConfig(
        window_size=7,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 1, 1],
        image_size=64,
        out_features=["stage2", "stage3", "stage4"],
        out_indices=[2, 3, 4],
    )
    bert = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
    )
    config = GroundingDinoConfig(
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=12,
        use_timm_backbone=False,
        backbone_config=swin,
        text_config=bert,
        max_text_len=64,
    )
    GroundingDinoForObjectDetection(config).eval().save_pretrained(folder)
    _tokenizer(folder)
    _processor(folder)
    return folder


def sam2_video(folder: Path) -> Path:
    """SAM 2 video at 128 px."""
    from transformers import Sam2VideoConfig, Sam2VideoModel

    torch.manual_seed(0)
    hiera = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 12,
        "num_attention_heads": 1,
        "image_size": [128, 128],
        "embed_dim_per_stage": [12, 24, 48, 96],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "blocks_per_stage": [1, 1, 2, 1],
        "window_size_per_stage": [8, 4, 4, 4],
        "global_attention_blocks": [3],
    }
    vision = {
        "backbone_config": hiera,
        "backbone_channel_list": [96, 48, 24, 12],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 128,
    }
    config = Sam2VideoConfig(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 128, "image_size": 128},
        mask_decoder_config={
            "hidden_size": 128,
            "mlp_dim": 32,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 128,
        },
        image_size=128,
        memory_attention_hidden_size=128,
        memory_attention_num_layers=1,
        memory_attention_num_attention_heads=1,
        memory_attention_feed_forward_hidden_size=128,
        memory_attention_rope_feat_sizes=[8, 8],
        memory_encoder_hidden_size=128,
        memory_encoder_output_channels=64,
        mask_downsampler_embed_dim=128,
        memory_fuser_embed_dim=128,
        memory_fuser_intermediate_dim=32,
    )
    model = Sam2VideoModel(config).eval()
    with torch.no_grad():
        model.mask_decoder.pred_obj_score_head.proj_out.bias.fill_(5.0)  # things are always there
    model.save_pretrained(folder)
    return folder


def dinov2(folder: Path) -> Path:
    """DINOv2 with two layers at 56 px."""
    from transformers import Dinov2Config, Dinov2Model

    torch.manual_seed(0)
    config = Dinov2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14
    )
    Dinov2Model(config).eval().save_pretrained(folder)
    _processor(folder)
    return folder


def clip(folder: Path) -> Path:
    """CLIP with two layers on either side at 32 px."""
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(0)
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    small["intermediate_size"] = 32
    config = CLIPConfig(
        vision_config=small | {"image_size": 32, "patch_size": 8},
        text_config=small | {"vocab_size": 20},
        projection_dim=16,
    )
    CLIPModel(config).eval().save_pretrained(folder)
    _processor(folder)
    return folder


def sam3_video(folder: Path) -> Path:
    """SAM 3 video at 224 px that takes everything for what is asked."""
    from transformers import Sam3VideoConfig, Sam3VideoModel

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    backbone = {
        "model_type": "sam3_vit_model",
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 224,
        "window_size": 8,
        "global_attn_indexes": [1],
        "pretrain_image_size": 112,
    }
    vision = {
        "model_type": "sam3_vision_model",
        "backbone_config": backbone,
        "backbone_feature_sizes": [[64, 64], [32, 32], [16, 16]],
    }
    text = {
        "model_type": "clip_text_model",
        "vocab_size": len(WORDS),
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
        "projection_dim": 32,
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 3,
    }
    small = {"num_layers": 1, "intermediate_size": 32}
    config = Sam3VideoConfig(
        detector_config={
            "model_type": "sam3",
            "vision_config": vision,
            "text_config": text,
            "geometry_encoder_config": small,
            "detr_encoder_config": small,
            "detr_decoder_config": small | {"num_queries": 2},
        },
        tracker_config={
            "model_type": "sam3_tracker_video",
            "vision_config": vision,
            "prompt_encoder_config": {"image_size": 224},
            "image_size": 224,
            "memory_attention_num_layers": 1,
            "memory_attention_feed_forward_hidden_size": 32,
            "memory_attention_rope_feat_sizes": [16, 16],
        },
        low_res_mask_size=64,
        score_threshold_detection=0.0,
        new_det_thresh=0.0,
        det_nms_thresh=1.0,
        hotstart_delay=0,
        hotstart_unmatch_thresh=0,
        hotstart_dup_thresh=0,
    )
    Sam3VideoModel(config).eval().save_pretrained(folder)
    _tokenizer(folder)
    _processor(folder)
    return folder


LABELS = ("N/A", "cat", "dog", "teddy bear")


def yolos(folder: Path) -> Path:
    """YOLOS with two layers, whose last class is "no object"; the shorter side is 64 px."""
    from transformers import YolosConfig, YolosForObjectDetection

    torch.manual_seed(0)
    config = YolosConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=[64, 96],
        patch_size=16,
        num_detection_tokens=5,
        id2label=dict(enumerate(LABELS)),
    )
    YolosForObjectDetection(config).eval().save_pretrained(folder)
    _processor(folder, size={"shortest_edge": 64, "longest_edge": 96})
    return folder


def rt_detr(folder: Path) -> Path:
    """RT-DETR at 64 px with sigmoid scores; it does not normalise."""
    from transformers import RTDetrConfig, RTDetrForObjectDetection, RTDetrResNetConfig

    torch.manual_seed(0)
    backbone = RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 16, 16],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = RTDetrConfig(
        backbone_config=backbone,
        encoder_hidden_dim=16,
        encoder_in_channels=[16, 16, 16],
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        d_model=16,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        decoder_attention_heads=2,
        decoder_layers=1,
        num_queries=6,
        num_denoising=0,
        id2label=dict(enumerate(LABELS)),
    )
    RTDetrForObjectDetection(config).eval().save_pretrained(folder)
    _processor(folder, size={"height": 64, "width": 64}, do_normalize=False)
    return folder
