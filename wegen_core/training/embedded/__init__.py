"""The embedded network of 128 pixels: its image encoder, VAE, tokenizer, data and recipe."""
