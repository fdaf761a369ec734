// Drawing where the next change may happen: brush, box, eraser, undo.
import { button, dialog, h } from "./dom.mjs";
import { t } from "./texts.mjs";

/** A mask (PNG) that is white in a box of shares of width and height. */
export function boxMask(width, height, [x0, y0, x1, y1]) {
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d");
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#fff";
  context.fillRect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
  return new Promise((resolve) => canvas.toBlob(resolve));
}

/**
 * Let the user draw a mask over a picture.
 * @param {string} source address of the picture
 * @returns {Promise<Blob | null>} a PNG, white where the change may happen; null: cancelled
 */
export async function drawMask(source) {
  const image = h("img", { src: source, alt: "", draggable: "false" });
  await image.decode();
  image.classList.toggle("wegen-small", image.naturalWidth < 200);
  const size = { width: image.naturalWidth, height: image.naturalHeight };
  const canvas = h("canvas", size);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const steps = [context.getImageData(0, 0, size.width, size.height)];
  let tool = "brush";
  const radius = h("input", {
    type: "range",
    min: 1,
    max: 100,
    value: 25,
    "aria-label": t("brush"),
  });

  const tools = ["brush", "box", "eraser"].map((name) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": name === tool,
        onclick: () => {
          tool = name;
          for (const element of tools)
            element.setAttribute("aria-pressed", element.textContent === t(name));
        },
      },
      t(name),
    ),
  );

  function position(event) {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * size.width,
      y: ((event.clientY - box.top) / box.height) * size.height,
    };
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const start = position(event);
    let last = start;
    context.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
    context.fillStyle = context.strokeStyle = "#fff";
    context.lineCap = "round";
    context.lineWidth = (radius.value / 100) * 0.4 * Math.max(size.width, size.height);
    const draw = (moved) => {
      const now = position(moved);
      if (tool === "box") {
        context.putImageData(steps.at(-1), 0, 0);
        context.fillRect(start.x, start.y, now.x - start.x, now.y - start.y);
      } else {
        context.beginPath();
        context.moveTo(last.x, last.y);
        context.lineTo(now.x, now.y);
        context.stroke();
      }
      last = now;
    };
    draw(event);
    canvas.addEventListener("pointermove", draw);
    canvas.addEventListener(
      "pointerup",
      () => {
        canvas.removeEventListener("pointermove", draw);
        steps.push(context.getImageData(0, 0, size.width, size.height));
      },
      { once: true },
    );
  });

  function back(all) {
    if (steps.length > 1) steps.splice(all ? 1 : -1);
    context.putImageData(steps.at(-1), 0, 0);
  }

  return new Promise((resolve) => {
    const finish = (blob) => {
      resolve(blob);
      element.close();
    };
    const element = dialog(
      t("mask"),
      h(
        "div",
        { class: "wegen-bar" },
        ...tools,
        radius,
        button("undo", t("undo"), () => back(false)),
        button("trash", t("clear"), () => back(true)),
      ),
      h("div", { class: "wegen-mask" }, image, canvas),
      h(
        "div",
        { class: "wegen-bar" },
        h("span", { class: "wegen-space" }),
        h(
          "button",
          {
            type: "button",
            class: "wegen-primary",
            onclick: () => {
              context.globalCompositeOperation = "destination-over";
              context.fillStyle = "#000";
              context.fillRect(0, 0, size.width, size.height);
              canvas.toBlob(finish, "image/png");
            },
          },
          t("use"),
        ),
      ),
    );
    element.addEventListener("close", () => resolve(null));
  });
}
