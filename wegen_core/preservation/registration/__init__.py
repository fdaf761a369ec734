"""Finds where each pixel of the source lies in the edited image.

`register` starts from the resize between the sizes or from a search (`initial_transform`), refines
it coarse to fine (`pyramid`, `gauss_newton`, `mixed_model`) and keeps the simplest transform that
the images allow (`select_model`). The result is a `transform.Registration`.
"""
