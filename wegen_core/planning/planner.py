"""The protocol of everything that plans the next step of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..records.hooks import NO_HOOKS, OWN_SAMPLING, Hooks, Sampling

if TYPE_CHECKING:
    from ..records.conversation import Conversation
    from ..records.plan import Intent, Plan


@runtime_checkable
class Planner(Protocol):
    """Turns a conversation into a `Plan` for its next step."""

    name: str

    def plan(
        self,
        conversation: Conversation,
        *,
        intent: Intent | None = None,
        sampling: Sampling = OWN_SAMPLING,
        hooks: Hooks = NO_HOOKS,
    ) -> Plan:
        """The plan that answers the last turn, which is the user's.

        Parameters
        ----------
        intent
            What the plan must do; None lets the planner find out.
        sampling
            Fields that are None take the planner's own values.

        Raises
        ------
        ValueError
            The conversation does not fit the model; the text names the limit.
        Stopped
            `hooks.should_stop` returned True.
        """
        ...


def describe_sources(plan: Plan) -> str:
    """How a chat model was asked, and which fields are its own: the others are the words'."""
    sources = dict(plan.sources)
    way = sources.pop("way", "")
    parts = [way] if way else []
    for source in ("model", "words"):
        if names := [name for name, origin in sources.items() if origin == source]:
            parts.append(f"from the {source}: {', '.join(names)}")
    return "; ".join(parts)
