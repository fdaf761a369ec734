// The viewer: a slider between two pictures, with zoom and pan in both.
import { dialog, h } from "./dom.mjs";
import * as server from "./server.mjs";
import { t } from "./texts.mjs";

/** Compare the picture of a turn with that before it, and with the first. */
export async function compare(id, turn, name) {
  const stage = h("div", { class: "wegen-stage" });
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": t("compare"),
  });
  const choice = h("div", { class: "wegen-choice", role: "group" });
  const view = { zoom: 1, x: 0, y: 0 };
  const over = h("img", { alt: "", draggable: "false" });
  const under = h("img", { alt: "", draggable: "false", class: "wegen-under" });
  stage.append(over, under);

  function place() {
    const transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
    over.style.transform = under.style.transform = transform;
    // Cut in the pictures' own coordinates, so that the line stays where the slider is.
    const edge = (slider.value / 100) * stage.clientWidth;
    const box = under.getBoundingClientRect();
    const left = stage.getBoundingClientRect().left + edge - box.left;
    const share = box.width ? Math.min(1, Math.max(0, left / box.width)) : 0.5;
    under.style.clipPath = `inset(0 ${100 - share * 100}% 0 0)`;
    stage.style.setProperty("--line", `${edge}px`);
    const scale = Math.min(stage.clientWidth / over.naturalWidth, stage.clientHeight / over.naturalHeight);
    stage.classList.toggle("wegen-enlarged", scale * view.zoom > 2);
  }

  async function show(against) {
    const { other } = await server.change(id, turn, against);
    over.src = await server.pictureURL(id, name);
    under.src = await server.pictureURL(id, other ?? name);
    stage.dataset.other = t(against);
    for (const element of choice.children)
      element.setAttribute("aria-pressed", element.dataset.against === against);
    await Promise.all([over.decode(), under.decode()]).catch(() => {});
    place();
  }

  for (const against of ["before", "first"])
    choice.append(
      h(
        "button",
        { type: "button", "data-against": against, onclick: () => show(against) },
        t(against),
      ),
    );
  slider.addEventListener("input", place);
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const box = stage.getBoundingClientRect();
      const x = event.clientX - box.left - box.width / 2;
      const y = event.clientY - box.top - box.height / 2;
      const zoom = Math.min(32, Math.max(1, view.zoom * Math.exp(-event.deltaY / 400)));
      const factor = zoom / view.zoom;
      view.x = zoom === 1 ? 0 : x - (x - view.x) * factor;
      view.y = zoom === 1 ? 0 : y - (y - view.y) * factor;
      view.zoom = zoom;
      place();
    },
    { passive: false },
  );
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    const start = { x: event.clientX - view.x, y: event.clientY - view.y };
    const move = (moved) => {
      view.x = moved.clientX - start.x;
      view.y = moved.clientY - start.y;
      place();
    };
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", () => stage.removeEventListener("pointermove", move), {
      once: true,
    });
  });
  dialog(t("compare"), choice, stage, slider);
  await show("before");
}
