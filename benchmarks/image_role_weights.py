"""Fit how much each feature counts for what an image does, and write `image_role_weights.txt`.

    python -m benchmarks.image_role_weights

The examples are the marked messages of tests/support/data, without those that are held out, and
`composition_sentences.txt`. A log-linear model gives each phrase one of `LABELS`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping

import torch

from tests.support.labelled_messages import DATA, conversation_of, tuned_messages
from wegen_core.constraints.image_roles import (
    LABELS,
    WEIGHTS,
    phrase_features,
    phrase_indices,
    read_tokens,
    roles_together,
)
from wegen_core.planning.image_names import number_images

ROLES = {
    "o": "subject",
    "b": "base",
    "s": "style",
    "c": "palette",
    "p": "pose",
    "l": "layout",
    "g": "background",
}
L2 = 3.0
LEAST_COUNT = 6  # of the examples that have a feature
LEAST_WEIGHT = 0.15  # between two labels; smaller ones are left out


def examples() -> Iterator[tuple[str, dict[int, str]]]:
    """Texts with numbered images, and the role of each image."""
    for message in tuned_messages():
        if message.intent in ("compose", "refine"):
            yield (
                number_images(message.turns[-1][1], message.conversation()),
                dict(message.references),
            )
    for line in (DATA / "composition_sentences.txt").read_text(encoding="utf-8").splitlines():
        text, equals, marks = line.rpartition(" = ")
        if equals and not line.startswith("#"):
            roles = {int(mark[0]): ROLES[mark[1]] for mark in marks.split()}
            yield number_images(text, conversation_of([(max(roles), text)])), roles


def phrases(text: str, roles: Mapping[int, str]) -> Iterator[tuple[set[str], int]]:
    """The features of each phrase of `text`, and its label."""
    tokens = read_tokens(text)
    for k in phrase_indices(tokens):
        labels = {LABELS.index(roles[n]) for n in tokens[k].numbers if n in roles}
        if len(labels) == 1:
            yield phrase_features(tokens, k), labels.pop()


def fit(rows: list[tuple[set[str], int]]) -> dict[str, list[float]]:
    """Feature -> its weight for each label, by the least cross-entropy."""
    counts = Counter(feature for features, _ in rows for feature in features)
    frequent = sorted(feature for feature in counts if counts[feature] >= LEAST_COUNT)
    index = {feature: k for k, feature in enumerate(frequent)}
    bags = [[index[f] for f in sorted(features) if f in index] for features, _ in rows]
    flat = torch.tensor([k for bag in bags for k in bag])
    offsets = torch.tensor([0, *(len(bag) for bag in bags[:-1])]).cumsum(0)
    labels = torch.tensor([label for _, label in rows])
    weights = torch.zeros(len(index), len(LABELS), requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        scores = torch.nn.functional.embedding_bag(flat, weights, offsets, mode="sum")
        entropy = torch.nn.functional.cross_entropy(scores, labels, reduction="sum")
        total = entropy + L2 / 2 * weights.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    values = (weights - weights.mean(1, keepdim=True)).tolist()
    return dict(zip(index, values, strict=True))


def together(roles: list[list[str]]) -> list[str]:
    """Lines with the logarithm of how many messages of as many images have these roles."""
    counts = Counter(roles_together(of_message) for of_message in roles)
    totals = Counter(len(of_message) for of_message in roles)
    return [
        f"{feature}\t{round(100 * math.log(count / totals[len(feature.split()) - 1]))}"
        for feature, count in sorted(counts.items())
    ]


def main() -> None:
    """Write the weights, in hundredths."""
    torch.set_num_threads(1)
    marked = list(examples())
    rows = [row for text, roles in marked for row in phrases(text, roles)]
    weights = {f: v for f, v in fit(rows).items() if max(v) - min(v) >= LEAST_WEIGHT}
    lines = [f"{f}\t{' '.join(str(round(100 * x)) for x in v)}" for f, v in sorted(weights.items())]
    lines += together([list(roles.values()) for _, roles in marked])
    WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(rows)} phrases, {len(lines)} features")


if __name__ == "__main__":
    main()
