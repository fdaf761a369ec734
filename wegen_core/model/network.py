"""WeGen's network: image encoder, language model with visual tokens in both directions, painter.

It knows no files; `checkpoint.WeGen` adds loading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from PIL.Image import Image
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from ..records.hooks import NO_HOOKS, Hooks
from .config import WeGenConfig
from .generation import ConversationCache, Decoder, Features, Options
from .losses import alignment_losses, denoising_loss, language_loss
from .packed_attention import PACKED, sequence_lengths
from .painter import Negative, decode_latents, encode_latents, sample_latents, start_latents
from .patch_vae import PatchVAE
from .preprocess import encoder_pixels, painter_images
from .tokenizer import Tokenizer
from .vision import VisionTransformer, pool_tokens


class Network(nn.Module):
    """The published model (arXiv 2503.01115) of any size, with random weights.

    Parameters
    ----------
    config
        Its sizes.
    tokenizer
        The language model's; its image tokens fit `config.tokens_side`.
    """

    def __init__(self, config: WeGenConfig, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.config = config
        self.tokenizer = tokenizer
        self.vision = VisionTransformer(config.vision)
        self.llm = LlamaForCausalLM(LlamaConfig(**config.llm))
        hidden, width = self.llm.config.hidden_size, config.vision.width
        self.input_projector = nn.Linear(width, hidden, bias=False)
        self.output_projector = nn.Linear(hidden, width, bias=False)
        self.unet = UNet2DConditionModel(**config.unet)
        self.vae = (PatchVAE if "patch_size" in config.vae else AutoencoderKL)(**config.vae)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.input_projector.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Of all weights; in float16 the VAE's may be float32."""
        return self.input_projector.weight.dtype

    @property
    def context_length(self) -> int:
        """Tokens that a conversation may have."""
        return self.llm.config.max_position_embeddings

    @property
    def vae_factor(self) -> int:
        """Pixels along one side of a latent."""
        config = self.vae.config
        return config.get("patch_size") or 2 ** (len(config.block_out_channels) - 1)

    def scheduler(self) -> EulerDiscreteScheduler:
        """Make a fresh sampler."""
        return EulerDiscreteScheduler(**self.config.scheduler)

    # Images in

    def preprocess(self, images: Sequence[Image]) -> Tensor:
        """PIL images of any size -> normalised encoder input [N,3,S,S]."""
        pixels = encoder_pixels(images, self.config.vision.image_size)
        return pixels.to(self.device, self.dtype)

    def encode_images(self, pixels: Tensor) -> Tensor:
        """Encode images.

        Parameters
        ----------
        pixels
            [N,3,S,S], normalised; see `preprocess`.

        Returns
        -------
        Tensor
            [N,P,W], image features, patches row by row.
        """
        return self.vision(pixels.to(self.device, self.dtype))

    def knows(self, image: Image) -> bool:
        """Whether an image is of the kind that the network was trained on."""
        limit = self.config.max_vae_error
        return limit is None or float(self.vae_error([image])[0]) <= limit

    @torch.inference_mode()
    def vae_error(self, images: Sequence[Image]) -> Tensor:
        """How far the VAE changes images at the size that it was trained on.

        Returns
        -------
        Tensor
            [N], root mean square difference of values in 0..1.
        """
        pixels = painter_images(images, self.config.vision.image_size)
        pixels = pixels.to(self.device, self.vae.dtype)
        decoded = self.vae.decode(self.vae.encode(pixels).latent_dist.mode()).sample
        return ((decoded - pixels) / 2).square().mean(dim=(1, 2, 3)).sqrt()

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
        """`embeds` [...,D] with projected visual tokens [n,64,W] where `mask` [...] is True."""
        positions, count = int(mask.sum()), tokens.shape[0] * tokens.shape[1]
        if positions != count:
            raise ValueError(
                f"the prompt has {positions} image positions, but {len(tokens)} images were given "
                f"({count} visual tokens)"
            )
        if not positions:
            return embeds
        visual = self.input_projector(tokens.to(embeds.dtype)).flatten(0, 1)
        return embeds.masked_scatter(mask[..., None], visual.to(embeds.dtype))

    def forward(self, batch: dict[str, Tensor], *, diffusion: bool = True) -> dict[str, Tensor]:
        """Compute the losses of stages 2 and 3.

        Parameters
        ----------
        batch
            input_ids, attention_mask, labels
                [B,S].
            ids_cmp_mask, ids_gen_mask
                bool [B,S], positions of the visual tokens of images that are read, or generated.
            embeds_cmp_mask, embeds_gen_mask
                bool [N], which images are read, or generated, in the order of the positions.
            images
                [N,3,S,S] encoder input, or image_features [N,P,W] instead.
            images_aug
                [N,3,H,W] in [-1,1], the VAE's input; not needed without `diffusion`.
            position_ids
                Optional [B,S], where rows hold several sequences: each begins at position 0, and
                none sees another.
            time_ids
                Optional [N,6], the sizes that the U-Net is told; without them zeros, as published.
            image_targets
                Optional [N,P,W], what to predict where image_features are perturbed.
        diffusion
            Whether the U-Net's loss counts; False: that term stays 0.

        Returns
        -------
        dict
            Differentiable scalars: total_loss, lm_loss, rec_loss, mse_loss, cosine_loss,
            diffusion_loss.
        """
        # 1) Images become visual tokens; the image encoder is frozen.
        features = batch.get("image_features")
        if features is None:
            with torch.no_grad():
                features = self.encode_images(batch["images"])
        tokens = self.pool(features).detach()
        gen_images = batch["embeds_gen_mask"]
        # 2) The language model reads them, those it has to generate too (teacher forcing).
        hidden = self.hidden_states(batch, tokens)
        losses = {"lm_loss": language_loss(self.llm.lm_head, hidden, batch["labels"])}
        # 3) The state before each generated visual token predicts it. With nothing generated the
        #    projector still takes part, with a gradient of zero.
        zero = 0.0 * self.output_projector(hidden[:1, :1]).sum()
        losses |= {"mse_loss": zero, "cosine_loss": zero, "diffusion_loss": zero}
        if bool(gen_images.any()):
            target = self.pool(batch.get("image_targets", features)).detach()[gen_images]
            predicted = self._predicted(batch, hidden).to(target.dtype)
            losses["mse_loss"], losses["cosine_loss"] = alignment_losses(predicted, target)
            # 4) The painter must be able to paint the image from the predicted tokens.
            if diffusion:
                images, sizes = batch["images_aug"][gen_images], batch.get("time_ids")
                sizes = None if sizes is None else sizes[gen_images]
                losses["diffusion_loss"] = self.diffusion_loss(predicted, images, sizes)
        losses["rec_loss"] = losses["mse_loss"] + losses["cosine_loss"] + losses["diffusion_loss"]
        losses["total_loss"] = losses["lm_loss"] + losses["rec_loss"]
        return losses

    def predict_tokens(self, batch: dict[str, Tensor]) -> Tensor:
        """Predict visual tokens [n,64,W] of images to generate, each from the true ones before."""
        tokens = self.pool(self.encode_images(batch["images"]))
        return self._predicted(batch, self.hidden_states(batch, tokens))

    def _predicted(self, batch: dict[str, Tensor], hidden: Tensor) -> Tensor:
        before = torch.roll(batch["ids_gen_mask"], -1, dims=1)
        return self.output_projector(hidden[before]).unflatten(0, (-1, self.config.image_tokens))

    def hidden_states(self, batch: dict[str, Tensor], tokens: Tensor) -> Tensor:
        """Compute the states [B,S,D] after the final norm, given what is to be said.

        Parameters
        ----------
        batch
            See `forward`.
        tokens
            [N,64,W], the visual tokens of all images.
        """
        read = tokens[batch["embeds_cmp_mask"]]
        embeds = self.embed(batch["input_ids"], read, batch["ids_cmp_mask"])
        embeds = self.fill(embeds, tokens[batch["embeds_gen_mask"]], batch["ids_gen_mask"])
        mask, packed = batch["attention_mask"], {}
        if (positions := batch.get("position_ids")) is not None:
            packed = {"position_ids": positions, "lengths": sequence_lengths(positions)}
        self.llm.set_attn_implementation(PACKED if packed else "sdpa")
        # Padding on the right is never seen by causal attention, which is faster without a mask.
        is_right_padded = bool((mask[:, 1:] <= mask[:, :-1]).all())
        return self.llm.model(
            inputs_embeds=embeds,
            attention_mask=None if packed or is_right_padded else mask,
            use_cache=False,
            **packed,
        ).last_hidden_state

    def diffusion_loss(
        self, tokens: Tensor, images: Tensor, time_ids: Tensor | None = None
    ) -> Tensor:
        """Measure how well the painter denoises images given their visual tokens: stage 1's loss.

        Drawn, in this order, from torch's global generator: VAE posterior, timesteps, noise.

        Parameters
        ----------
        tokens
            [n,P,W] image features or [n,64,W] visual tokens; gradients flow into them.
        images
            [n,3,H,W] in [-1,1].
        time_ids
            [n,6], SDXL's sizes and crops; None: zeros, as published.
        """
        latents = encode_latents(self.vae, images.to(self.device)).to(self.unet.dtype)
        return denoising_loss(self.unet, self.scheduler(), latents, self.pool(tokens), time_ids)

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
        cache: ConversationCache | None = None,
        hooks: Hooks = NO_HOOKS,
    ) -> Any:
        """Continue one or several prompts with text and images.

        Parameters
        ----------
        input_ids
            One prompt [L] or [1,L], or a list of prompts.
        image_features
            [N,P,W], the images of all prompts, in order.
        image_mask
            Like `input_ids`, bool: the positions of their visual tokens. None: every `<img_k>`.
        guidance
            Of the visual tokens; 1: none.
        max_new_tokens
            At least 1; the context's end also ends the reply.
        features
            Which visual tokens to return, see `Generation`. "reference" is the published
            convention, in which the unguided context runs on from image to image.
        temperature, top_p
            0 decodes greedily; else nucleus sampling.
        seed
            One for all prompts (prompt i uses seed + i), or one each; None: random.
        images
            False ends the reply with the `<img>` that would begin an image.
        cache
            Keeps the keys and values of one conversation between calls.
        hooks
            on_text gets the text of the first prompt's reply.

        Returns
        -------
        Generation or list of Generation
            One for one prompt, a list for a list.

        Raises
        ------
        ValueError
            A prompt does not fit the context or the images, or an option is out of range.
        Stopped
            `hooks.should_stop` returned True.
        """
        rows = [input_ids] if isinstance(input_ids, Tensor) else list(input_ids)
        masks = [image_mask] if isinstance(image_mask, Tensor) else image_mask
        if cache is not None and len(rows) != 1:
            raise ValueError(f"a cache holds one conversation; {len(rows)} prompts were given")
        if seed is None or isinstance(seed, int):
            seed = () if seed is None else range(seed, seed + len(rows))
        elif len(seed) != len(rows):
            raise ValueError(f"{len(seed)} seeds for {len(rows)} prompts; give one seed each")
        options = Options(guidance, max_new_tokens, features, temperature, top_p, seed, images)
        prompts = self.embed_prompts(rows, image_features, masks)
        decoder = Decoder(
            self.llm, self.tokenizer, self.input_projector, self.output_projector, options
        )
        results = decoder.run(prompts, cache, hooks)
        return results[0] if isinstance(input_ids, Tensor) else results

    def embed_prompts(
        self,
        rows: Sequence[Tensor],
        features: Tensor | None = None,
        masks: Sequence[Tensor] | None = None,
    ) -> list[tuple[Tensor, Tensor]]:
        """Ids [L] and input embeddings [L,D] of every prompt; see `generate`."""
        visual = torch.tensor(self.tokenizer.image_ids, device=self.device)
        ids = [row.flatten().to(self.device) for row in rows]
        if masks is None:
            masks = [torch.isin(row, visual) for row in ids]
        for i, row in enumerate(ids):
            if not 0 < len(row) < self.context_length:
                prompt = f"prompt {i + 1}" if len(ids) > 1 else "the conversation"
                raise ValueError(
                    f"{prompt} has {len(row)} tokens; this model takes 1 to "
                    f"{self.context_length - 1}. Shorten the text, give fewer images or start a "
                    "new conversation"
                )
        mask = torch.cat([m.flatten().to(self.device) for m in masks])
        width = self.config.vision.width
        tokens = torch.zeros(0, self.config.image_tokens, width, device=self.device)
        if features is not None and len(features):
            tokens = self.pool(features.to(self.device, self.dtype))
        embeds = self.embed(torch.cat(ids), tokens, mask)
        lengths = [len(row) for row in ids]
        return list(zip(ids, embeds.split(lengths), strict=True))

    # Images out

    @torch.inference_mode()
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
        hooks: Hooks = NO_HOOKS,
    ) -> Tensor:
        """Paint visual tokens.

        Parameters
        ----------
        features
            [n,64,W] visual tokens, or [n,P,W] image features.
        latents
            [n,4,H/f,W/f] standard normal, to start from; None: drawn from `seed`.
        seed
            One for all images together, or one each.
        steps, guidance, height, width
            None: `config.paint` (published: 50 steps, guidance 7, 1024 pixels). Guidance of 1 or
            less switches classifier-free guidance off.
        negative
            What the unconditional branch sees: "zeros", or "blank", the features of an all-zero
            image.

        Returns
        -------
        Tensor
            [n,H,W,3] in 0..1.

        Raises
        ------
        ValueError
            A side is not a positive multiple of the VAE's factor, or an option is out of range.
        Stopped
            `hooks.should_stop` returned True.
        """
        defaults, factor = self.config.paint, self.vae_factor
        steps = defaults.steps if steps is None else steps
        guidance = defaults.guidance if guidance is None else guidance
        height, width = height or defaults.height, width or defaults.width
        if negative not in ("zeros", "blank"):
            raise ValueError(f"negative is {negative!r}; use 'zeros' or 'blank'")
        if steps < 1:
            raise ValueError(f"steps is {steps}; it must be at least 1")
        tokens = self.pool(features.to(self.device, self.dtype))
        if latents is None:
            if height < 1 or width < 1 or height % factor or width % factor:
                raise ValueError(
                    f"size {width}x{height}: both sides must be positive multiples of {factor}"
                )
            shape = (self.unet.config.out_channels, height // factor, width // factor)
            latents = start_latents(shape, len(tokens), seed)
        unconditional = None
        if negative == "blank" and guidance > 1:
            side = self.config.vision.image_size
            blank = self.encode_images(tokens.new_zeros(1, 3, side, side))
            unconditional = self.pool(blank).expand_as(tokens)

        def decode(latents: Tensor) -> Tensor:
            return decode_latents(self.vae, latents)

        return decode(
            sample_latents(
                self.unet,
                self.scheduler(),
                tokens,
                latents,
                steps=steps,
                guidance=guidance,
                size=(height, width),
                negative=unconditional,
                decode=decode,
                hooks=hooks,
            )
        )
