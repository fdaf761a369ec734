// A plan: as a list to read, and as a form to change before it is painted.
import { h } from "./dom.mjs";
import { t } from "./texts.mjs";

const LINES = ["changes", "keep"];

const constraintsOf = ({ constraints = [] }) =>
  constraints.filter(({ kind }) => kind !== "language").map(({ text }) => text);

const list = (rows) =>
  h(
    "dl",
    { class: "wegen-plan" },
    ...rows
      .filter(([, lines]) => lines.length)
      .flatMap(([name, lines]) => [h("dt", {}, t(name)), ...lines.map((line) => h("dd", {}, line))]),
  );

/** What was planned for a reply, and what the check of its image found. */
export function planList({ plan, check }) {
  const mark = { true: "✓", false: "✗", null: "?" };
  const checks = Array.isArray(check) ? check : [];
  return list([
    ["prompt", [plan.prompt].filter(Boolean)],
    ...LINES.map((name) => [name, plan[name] ?? []]),
    ["constraints", constraintsOf(plan)],
    ["check", checks.map(({ words, holds }) => `${mark[holds]} ${words}`)],
  ]);
}

/** A form for a plan; `value()` is the plan as changed. */
export function planForm(plan) {
  const field = (name, value) =>
    h("textarea", { rows: 2, "aria-label": t(name), onkeydown: (event) => event.stopPropagation() }, value);
  const prompt = field("prompt", plan.prompt);
  const lines = LINES.map((name) => field(name, (plan[name] ?? []).join("\n")));
  const label = (name, input) => h("label", {}, t(name), input);
  const element = h(
    "div",
    { class: "wegen-plan" },
    h("p", {}, plan.text),
    plan.intent !== "answer" && [
      label("prompt", prompt),
      plan.intent !== "generate" && LINES.map((name, index) => label(name, lines[index])),
    ],
    list([["constraints", constraintsOf(plan)]]),
  );
  const value = () => ({
    ...plan,
    prompt: prompt.value.trim(),
    text: prompt.value.trim() === plan.prompt ? plan.text : "", // it may not be true any more
    ...Object.fromEntries(
      LINES.map((name, index) => [name, lines[index].value.split("\n").filter((line) => line.trim())]),
    ),
  });
  return { element, value };
}
