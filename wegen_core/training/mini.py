"""The embedded default, from nothing: every stage trained on scenes that our own code draws.

    python -m wegen_core train mini --out runs/mini

Stages, each resumable: tokenizer, vision (image encoder), vae, painter (the paper's stage 1), llm (stages
2 and 3 in one: the playground has no pretrained language model to align first).
"""

from __future__ import annotations

from ..model.config import PaintDefaults, VisionConfig

VISION = VisionConfig(
    image_size=64, patch_size=8, width=96, layers=4, head_width=24, mlp_ratio=3.0
)
UNET = {
    "sample_size": 16,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (64, 96, 128),
    "layers_per_block": 1,
    "norm_num_groups": 16,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3,
    "up_block_types": ("CrossAttnUpBlock2D",) * 3,
    "transformer_layers_per_block": 1,
    "attention_head_dim": (2, 3, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 32,
    "cross_attention_dim": VISION.width,
    "projection_class_embeddings_input_dim": VISION.width + 6 * 32,
}
LLM = {
    "hidden_size": 256,
    "intermediate_size": 688,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
SCHEDULER = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "timestep_spacing": "leading",
    "steps_offset": 1,
    "prediction_type": "epsilon",
}
PAINT = PaintDefaults(width=64, height=64, steps=20, guidance=2.0)
