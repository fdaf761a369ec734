"""Small models that look at images and are not language models, from local files alone."""
