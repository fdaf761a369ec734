"""How often a plan is what a person would make of the message: words alone, and language models.

    python -m benchmarks.planning [--endpoint URL#MODEL ...] [--tuned] [--every K] [--show]

The messages and their marks are in tests/support/data: planning_messages.txt, on which the reader
of words was tuned (--tuned), and held_out_planning_messages.txt. A field counts only for messages
whose marks or plan state something in it, so that "nothing" earns no merit.

valid: plans in which the model filled at least one field itself. constraints: of those marked, the
share that the plan keeps. against: plans in which a field that the model filled differs from the
marks. leaks: answers and streamed texts that hold JSON, thoughts or the instruction. tokens, s:
median of what the model wrote for one plan, in streamed pieces, and of the time.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from tests.support.labelled_messages import (
    FIELDS,
    LabelledMessage,
    accuracy,
    held_out_messages,
    tuned_messages,
)
from wegen_core.mllm import ChatModel
from wegen_core.mllm.endpoint import EndpointMLLM
from wegen_core.planning import WordsPlanner
from wegen_core.planning.chat_planner import ChatPlanner
from wegen_core.planning.planner import Planner
from wegen_core.records.conversation import Conversation
from wegen_core.records.hooks import GREEDY, NO_HOOKS, Hooks, Sampling
from wegen_core.records.plan import Plan

LEAK = re.compile(r"[{}]|</?think|\"intent\"|JSON|one of answer|Answer with one")


class CountingModel:
    """A `ChatModel` that counts the pieces in which another one streams its replies."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.name, self.capabilities = model.name, model.capabilities
        self.pieces = 0

    def chat(
        self,
        conversation: Conversation,
        *,
        schema: dict[str, Any] | None = None,
        sampling: Sampling = GREEDY,
        hooks: Hooks = NO_HOOKS,
    ) -> str:
        """See `ChatModel.chat`."""

        def count(piece: str) -> None:
            self.pieces += 1
            if hooks.on_text is not None:
                hooks.on_text(piece)

        return self._model.chat(
            conversation, schema=schema, sampling=sampling, hooks=replace(hooks, on_text=count)
        )


def measure(
    name: str,
    planner: Planner,
    messages: Sequence[LabelledMessage],
    model: CountingModel | None,
    show: bool,
) -> str:
    """One row of the table."""
    plans: list[Plan] = []
    seconds, tokens, leaks, valid, against = [], [], 0, 0, 0
    for message in messages:
        streamed: list[str] = []
        before = model.pieces if model else 0
        start = time.perf_counter()
        plan = planner.plan(message.conversation(), hooks=Hooks(on_text=streamed.append))
        seconds.append(time.perf_counter() - start)
        tokens.append(model.pieces - before if model else 0)
        plans.append(plan)
        by_model = {field for field, source in plan.sources if source == "model"}
        wrong = message.wrong(plan)
        leak = LEAK.search(f"{plan.text}\n{''.join(streamed)}")
        leaks += leak is not None
        valid += bool(by_model) or model is None
        against += bool(wrong & by_model)
        if show and (wrong or leak):
            print(f"{message.turns[-1]} {sorted(wrong)} {sorted(wrong & by_model)} {plan}")
    rates = accuracy(zip(messages, plans, strict=True))
    cells = [f"{100 * valid / len(messages):.0f} %"]
    cells += [f"{100 * right / total:.0f} %" if total else "-" for right, total in rates.values()]
    cells += [f"{100 * against / len(messages):.1f} %", str(leaks)]
    cells += [f"{median(tokens):.0f}", f"{median(seconds):.2f}", f"{max(seconds):.2f}"]
    return f"| {' | '.join([name, *cells])} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", action="append", default=[], metavar="URL#MODEL")
    parser.add_argument("--tuned", action="store_true", help="the messages of the tuning instead")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="each K-th message")
    parser.add_argument("--show", action="store_true", help="print the plans that are wrong")
    args = parser.parse_args()
    messages = (tuned_messages() if args.tuned else held_out_messages())[:: args.every]
    counts = accuracy((m, WordsPlanner().plan(m.conversation())) for m in messages)
    stated = ", ".join(f"{field} {total}" for field, (_, total) in counts.items())
    print(f"{len(messages)} messages; of these state: {stated}\n")
    print(f"| planner | valid | {' | '.join(FIELDS)} | against | leaks | tokens | s | longest |")
    print("|---" * (len(FIELDS) + 7) + "|")
    print(measure("words alone", WordsPlanner(), messages, None, args.show))
    for endpoint in args.endpoint:
        url, _, model = endpoint.partition("#")
        counting = CountingModel(EndpointMLLM(url, model, max_images=0))
        print(measure(model, ChatPlanner(counting), messages, counting, args.show), flush=True)


if __name__ == "__main__":
    main()
