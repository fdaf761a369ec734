"""WeGen's network: image encoder, language model with visual tokens in both directions, painter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from PIL.Image import Image
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from ..records.hooks import OnText, Progress, ShouldStop
from . import generation, losses, painter
from .config import WeGenConfig
from .generation import Features, Options, Session
from .preprocess import encoder_pixels
from .tokenizer import Tokenizer
from .vision import VisionTransformer, pool_tokens

if TYPE_CHECKING:
    from .painter import Negative


class WeGen(nn.Module):
    """The published model (arXiv 2503.01115) of any size; see `WeGenConfig`."""

    def __init__(self, config: WeGenConfig, tokenizer: Tokenizer) -> None:
        """Random weights; `from_pretrained` loads trained ones."""
        super().__init__()
        self.config = config
        self.tokenizer = tokenizer
        self.vision = VisionTransformer(config.vision)
        self.llm = LlamaForCausalLM(LlamaConfig(**config.llm))
        hidden, width = self.llm.config.hidden_size, config.vision.width
        self.input_projector = nn.Linear(width, hidden, bias=False)
        self.output_projector = nn.Linear(hidden, width, bias=False)
        self.unet = UNet2DConditionModel(**config.unet)
        self.vae = AutoencoderKL(**config.vae)

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        should_stop: ShouldStop | None = None,
    ) -> WeGen:
        """Load the official checkpoint folder or our own format (see `checkpoint`).

        dtype: float32, bfloat16 or float16. should_stop: asked before every tensor, and then
        `Stopped` is raised. Raises FileNotFoundError or ValueError naming what is missing or does
        not fit.
        """
        from .checkpoint import load

        return load(folder, device, dtype, should_stop)

    @property
    def device(self) -> torch.device:
        return self.input_projector.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.input_projector.weight.dtype

    @property
    def context_length(self) -> int:
        """Tokens a conversation may have."""
        return self.llm.config.max_position_embeddings

    @property
    def vae_factor(self) -> int:
        """Pixels along one side of a latent."""
        return 2 ** (len(self.vae.config.block_out_channels) - 1)

    @property
    def alphas_cumprod(self) -> Tensor:
        """[1000] float32, of the training noise schedule."""
        return self.scheduler().alphas_cumprod

    def scheduler(self) -> EulerDiscreteScheduler:
        """A fresh sampler."""
        return EulerDiscreteScheduler(**self.config.scheduler)

    # Pictures in

    def preprocess(self, images: Sequence[Image]) -> Tensor:
        """PIL images of any size -> normalised encoder input [N,3,S,S]."""
        pixels = encoder_pixels(images, self.config.vision.image_size)
        return pixels.to(self.device, self.dtype)

    def encode_images(self, pixels: Tensor) -> Tensor:
        """[N,3,S,S] normalised -> image features [N,P,W]."""
        return self.vision(pixels.to(self.device, self.dtype))

    def encode_latents(self, pictures: Tensor) -> Tensor:
        """[n,3,H,W] in [-1,1] -> scaled latents, drawn from the VAE's posterior."""
        with torch.no_grad():
            pictures = pictures.to(self.device, self.vae.dtype)
            latents = self.vae.encode(pictures).latent_dist.sample()
        return (latents * self.vae.config.scaling_factor).to(self.unet.dtype)

    def pool(self, features: Tensor) -> Tensor:
        """Image features [N,P,W] -> visual tokens [N,64,W]; 64 tokens stay as they are."""
        return pool_tokens(features, self.config.tokens_side)

    # Language

    def embed(
        self, input_ids: Tensor, tokens: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Input embeddings [...,D] of ids [...]; where `mask`, projected visual tokens [n,64,W]."""
        embeds = self.llm.model.embed_tokens(input_ids)
        return embeds if mask is None or tokens is None else self.fill(embeds, tokens, mask)

    def fill(self, embeds: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """`embeds` [...,D] with projected visual tokens at the positions of `mask` [...]."""
        places, given = int(mask.sum()), tokens.shape[0] * tokens.shape[1]
        if places != given:
            raise ValueError(
                f"the prompt has {places} image positions, but {len(tokens)} images were given "
                f"({given} visual tokens)"
            )
        if not places:
            return embeds
        visual = self.input_projector(tokens.to(embeds.dtype)).flatten(0, 1)
        return embeds.masked_scatter(mask[..., None], visual.to(embeds.dtype))

    def forward(self, batch: dict[str, Tensor], *, diffusion: bool = True) -> dict[str, Tensor]:
        """Losses of stages 2 and 3, each a differentiable scalar.

        batch: input_ids, attention_mask, labels [B,S]; ids_cmp_mask, ids_gen_mask bool [B,S];
        embeds_cmp_mask, embeds_gen_mask bool [N]; images [N,3,S,S] encoder input (or
        image_features [N,P,W]); images_aug [N,3,H,W] in [-1,1] (not needed without `diffusion`);
        optionally image_targets [N,P,W], what to predict where image_features are perturbed.
        Returns total_loss, lm_loss, rec_loss, mse_loss, cosine_loss, diffusion_loss.
        """
        return losses.total_loss(self, batch, diffusion=diffusion)

    @torch.inference_mode()
    def generate(
        self,
        input_ids: Tensor | Sequence[Tensor],
        image_features: Tensor | None = None,
        image_mask: Tensor | Sequence[Tensor] | None = None,
        guidance: float = 1.0,
        max_new_tokens: int = 512,
        features: Features = "aligned",
        *,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | Sequence[int] | None = None,
        images: bool = True,
        on_text: OnText | None = None,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
        session: Session | None = None,
    ) -> Any:
        """Continue one prompt (ids [L] or [1,L]) -> Generation, or several -> list of them.

        image_features: [N,P,W], the prompts' images in order. image_mask: like input_ids, bool,
        where their visual tokens stand; by default every `<img_k>` in the prompt.
        guidance: of the visual tokens (1: none). features: which visual tokens to return, see
        `Generation`; "reference" is the published convention, with its unguided context running on
        from image to image. temperature 0 is greedy; seed: one for all rows (row i uses seed + i)
        or one each. images: False ends the reply with the `<img>` that would begin one. on_text:
        each new piece of the first row's text. session: keeps the KV cache of one conversation
        between calls.
        Raises ValueError for prompts that do not fit the context, `Stopped` on request.
        """
        single = isinstance(input_ids, Tensor)
        rows = [input_ids] if isinstance(input_ids, Tensor) else list(input_ids)
        masks = [image_mask] if isinstance(image_mask, Tensor) else image_mask
        if session is not None and len(rows) != 1:
            raise ValueError(f"a session holds one conversation, not {len(rows)}")
        prompts = self._prompts(rows, image_features, masks)
        if seed is None or isinstance(seed, int):
            seed = () if seed is None else range(seed, seed + len(rows))
        elif len(seed) != len(rows):
            raise ValueError(f"{len(seed)} seeds for {len(rows)} prompts; give one seed each")
        options = Options(guidance, max_new_tokens, features, temperature, top_p, seed, images)
        decoder = generation.Decoder(self, prompts, options, session)
        results = decoder.run(on_text, on_progress, should_stop)
        return results[0] if single else results

    def _prompts(
        self, rows: Sequence[Tensor], features: Tensor | None, masks: Sequence[Tensor] | None
    ) -> list[tuple[Tensor, Tensor]]:
        """Ids [L] and input embeddings [L,D] of every row."""
        visual = torch.tensor(self.tokenizer.image_ids, device=self.device)
        ids = [row.flatten().to(self.device) for row in rows]
        if masks is None:
            masks = [torch.isin(row, visual) for row in ids]
        for i, row in enumerate(ids):
            if not 0 < len(row) < self.context_length:
                which = f"prompt {i + 1}" if len(ids) > 1 else "the conversation"
                raise ValueError(
                    f"{which} has {len(row)} tokens; this model takes 1 to "
                    f"{self.context_length - 1}. Shorten the text, give fewer pictures or start a "
                    "new conversation"
                )
        lengths = [len(row) for row in ids]
        mask = torch.cat([m.flatten().to(self.device) for m in masks])
        width = self.config.vision.width
        tokens = torch.zeros(0, self.config.image_tokens, width, device=self.device)
        if features is not None and len(features):
            tokens = self.pool(features.to(self.device, self.dtype))
        embeds = self.embed(torch.cat(ids), tokens, mask)
        return list(zip(ids, embeds.split(lengths), strict=True))

    def session(self) -> Session:
        """A place for one conversation's KV cache; pass it to every `generate` call."""
        return Session()

    # Pictures out

    def denoise(
        self, latents: Tensor, timesteps: Tensor, tokens: Tensor, time_ids: Tensor | None = None
    ) -> Tensor:
        """The U-Net's noise prediction for noisy latents [n,4,h,w] under visual tokens [n,64,W]."""
        if time_ids is None:
            time_ids = tokens.new_zeros(len(tokens), 6)
        added = {"text_embeds": tokens.mean(dim=1), "time_ids": time_ids}
        return self.unet(
            latents, timesteps, encoder_hidden_states=tokens, added_cond_kwargs=added
        ).sample

    def paint(
        self,
        features: Tensor,
        latents: Tensor | None = None,
        seed: int | Sequence[int] = 42,
        steps: int | None = None,
        guidance: float | None = None,
        height: int | None = None,
        width: int | None = None,
        negative: Negative = "zeros",
        *,
        on_progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Tensor:
        """Visual tokens [n,64,W] (or image features [n,P,W]) -> pictures [n,H,W,3] in 0..1.

        latents: standard-normal start [n,4,H/f,W/f], drawn from `seed` unless given. Defaults come
        from `config.paint` (published: 50 steps, guidance 7, 1024 px). guidance <= 1 switches
        classifier-free guidance off. negative: "zeros", or "blank" for the features of an
        all-zero image. Raises ValueError for sizes that are no multiple of the VAE's factor.
        """
        defaults = self.config.paint
        return painter.paint(
            self,
            features,
            latents,
            seed,
            defaults.steps if steps is None else steps,
            defaults.guidance if guidance is None else guidance,
            height or defaults.height,
            width or defaults.width,
            negative,
            on_progress=on_progress,
            should_stop=should_stop,
        )
