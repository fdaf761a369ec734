// Small helpers for elements.
import { t } from "./texts.mjs";

/** An element with properties (`class`, `on...`, attributes) and children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name.startsWith("aria-")) element.setAttribute(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(2).filter((child) => child != null && child !== false));
  return element;
}

/** A button with an icon of PrimeIcons and a label for screen readers. */
export function button(icon, label, onclick, properties = {}) {
  return h(
    "button",
    { type: "button", title: label, "aria-label": label, onclick, ...properties },
    h("i", { class: `pi pi-${icon}`, "aria-hidden": "true" }),
  );
}

/** A modal dialog with a title; it closes with its button or Escape and gives the focus back. */
export function dialog(label, ...children) {
  const close = button("times", t("close"), () => element.close());
  const title = h("div", { class: "wegen-bar" }, h("h2", {}, label), close);
  const element = h("dialog", { class: "wegen-dialog", "aria-label": label }, title, ...children);
  element.addEventListener("keydown", (event) => {
    event.stopPropagation(); // no shortcut of the graph
    if (event.key === "Escape") element.close(); // some frontends suppress what Escape does
  });
  element.addEventListener("close", () => element.remove());
  document.body.append(element);
  element.showModal();
  return element;
}

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    observer.unobserve(target);
    for (const action of waiting.get(target)) action();
    waiting.delete(target);
  }
});
const waiting = new WeakMap(); // element -> actions

/** Run an action when an element first comes into view. */
export function whenVisible(element, action) {
  waiting.set(element, [...(waiting.get(element) ?? []), action]);
  observer.observe(element);
}
