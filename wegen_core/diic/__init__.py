"""DIIC: from videos to interleaved sequences of images and words (arXiv 2503.01115, section 4).

    video > shots > frames > instances > sessions > dynamics > samples

Each stage is a class with one input and one output record (`records`); `pipeline` chains them.
"""
