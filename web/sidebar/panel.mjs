// The tab: a list of conversations, or the open one with its composer.
import { app } from "/scripts/app.js";
import { compare } from "./compare.mjs";
import { button, dialog, h, whenVisible } from "./dom.mjs";
import { boxMask, drawMask } from "./mask.mjs";
import { planForm, planList } from "./plan.mjs";
import * as server from "./server.mjs";
import { ROLES, t } from "./texts.mjs";

const PICTURE = "application/x-wegen-picture";
const THUMBNAIL = 640;

const size = (bytes) =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;

export class Panel {
  constructor(state) {
    this.state = state;
    this.listing = false;
    this.trash = false;
    this.query = "";
    this.attached = []; // {name, width, height, role}
    this.mask = null; // {name}
    this.parent = undefined; // of an edited message; undefined: the head
    this.planFirst = false;
    this.shown = null; // id of the conversation that the attachments belong to
    this.element = h("section", {
      class: "wegen",
      "aria-label": "WeGen",
      ondragover: (event) => event.preventDefault(),
      ondrop: (event) => this.drop(event),
    });
    this.body = h("div", { class: "wegen-turns", role: "log", "aria-live": "polite" });
    this.header = h("header", { class: "wegen-bar" });
    this.tray = h("div", { class: "wegen-tray" });
    this.input = h("textarea", { rows: 2, placeholder: t("say"), "aria-label": t("say") });
    this.jobs = h("div", { class: "wegen-jobs" });
    this.cards = new Map(); // run -> its element
    this.footer = this.composer();
    this.element.append(this.header, this.body, this.footer);
    state.addEventListener("change", () => this.render());
    state.addEventListener("list", () => this.listing && this.renderList());
  }

  /** Run an action; what goes wrong is shown, and nothing that was typed is lost. */
  async attempt(action) {
    try {
      return await action();
    } catch (error) {
      this.notify("error", error.message);
      return undefined;
    }
  }

  notify(severity, detail) {
    app.extensionManager.toast.add({ severity, summary: "WeGen", detail, life: 6000 });
  }

  // The composer

  composer() {
    const files = h("input", { type: "file", accept: "image/*", multiple: true, hidden: true });
    files.addEventListener("change", () => {
      this.addFiles([...files.files]); // the list empties with the field
      files.value = "";
    });
    this.sendButton = button("send", t("send"), () => this.send(), { class: "wegen-primary" });
    this.input.addEventListener("keydown", (event) => {
      event.stopPropagation(); // no shortcut of the graph
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      event.stopPropagation();
      this.addFiles(event.clipboardData.files);
    });
    this.variants = h(
      "select",
      { title: t("variants"), "aria-label": t("variants") },
      ...[1, 2, 4].map((count) => h("option", { value: count }, `×${count}`)),
    );
    const planFirst = button("eye", t("planFirst"), () => {
      this.planFirst = !this.planFirst;
      planFirst.setAttribute("aria-pressed", this.planFirst);
    }, { "aria-pressed": "false" });
    return h(
      "footer",
      {},
      this.tray,
      h("div", { class: "wegen-bar wegen-say" }, this.input, this.sendButton),
      h(
        "div",
        { class: "wegen-bar" },
        button("paperclip", t("attach"), () => files.click()),
        button("file-import", t("fromCanvas"), () => this.attempt(() => this.addFromCanvas())),
        button("pencil", t("mask"), () => this.attempt(() => this.addMask())),
        button("undo", t("undo"), () => this.attempt(() => this.state.undo())),
        button("refresh", t("redo"), () => this.attempt(() => this.state.redo())),
        planFirst,
        h("span", { class: "wegen-space" }),
        this.variants,
        files,
      ),
    );
  }

  /** The pictures that the message follows; the next one is numbered after them. */
  get pictures() {
    return this.state.picturesUpTo(this.parent === undefined ? this.state.head : this.parent);
  }

  async send() {
    const text = this.input.value.trim();
    if (!text && !this.attached.length) return;
    this.sendButton.disabled = true;
    const before = this.pictures.length;
    const references = this.attached
      .map(({ role }, index) => ({ picture: before + index + 1, role }))
      .filter(({ role }) => role);
    const message = {
      images: this.attached.map(({ name }) => name),
      references,
      mask: this.mask?.name ?? null,
    };
    const { planFirst, attached, mask, parent } = this;
    if (parent !== undefined) message.parent = parent;
    const variants = Number(this.variants.value);
    this.input.value = ""; // at once: the next message may be typed meanwhile
    this.detach();
    try {
      await this.state.say(text, message, { variants, planFirst });
    } catch (error) {
      this.input.value = [text, this.input.value].filter(Boolean).join("\n");
      Object.assign(this, { attached: [...attached, ...this.attached], mask, parent });
      this.renderTray();
      this.notify("error", error.message);
    }
    this.sendButton.disabled = false;
    this.input.focus();
  }

  detach() {
    this.attached = [];
    this.mask = null;
    this.parent = undefined;
    this.renderTray();
  }

  async ensure() {
    if (!this.state.id) await this.state.open(await server.create());
    return this.state.id;
  }

  addFiles(files) {
    return this.attempt(async () => {
      const id = await this.ensure();
      for (const file of files)
        if (file.type.startsWith("image/"))
          this.attached.push({ ...(await server.addImage(id, file)), role: "" });
      this.renderTray();
    });
  }

  async drop(event) {
    event.preventDefault();
    event.stopPropagation();
    const own = event.dataTransfer.getData(PICTURE);
    if (own) {
      const { id, name } = JSON.parse(own);
      await this.attempt(() => this.addPicture(id, name));
    } else if (event.dataTransfer.files.length) await this.addFiles(event.dataTransfer.files);
    else await this.attempt(() => this.addAddress(event.dataTransfer.getData("text/uri-list")));
  }

  /** An image of this server that was dragged here, as from an output node. */
  async addAddress(address) {
    if (!address || new URL(address).origin !== location.origin) return;
    const blob = await (await fetch(address)).blob();
    await this.addFiles([new File([blob], "node.png", { type: blob.type })]);
  }

  /** A picture of a conversation becomes a reference. */
  async addPicture(id, name) {
    await this.addFiles([new File([await server.picture(id, name)], name, { type: "image/png" })]);
  }

  async addFromCanvas() {
    const nodes = [...(app.canvas.selectedItems ?? [])].filter((node) => node.imgs?.length);
    if (!nodes.length) throw new Error(t("noNode"));
    for (const node of nodes) await this.addAddress(node.imgs[0].src);
  }

  async addMask() {
    const last = this.pictures.at(-1);
    if (!last) throw new Error(t("noPicture"));
    const blob = await drawMask(await server.pictureURL(this.state.id, last.image));
    if (blob) await this.setMask(blob);
  }

  async setMask(blob) {
    const file = new File([blob], "mask.png", { type: "image/png" });
    this.mask = await server.addImage(this.state.id, file);
    this.renderTray();
  }

  renderTray() {
    const before = this.pictures.length;
    const items = this.attached.map((item, index) => {
      const number = before + index + 1;
      const image = h("img", { alt: `${number}` });
      server.pictureURL(this.state.id, item.name, 128).then((url) => (image.src = url));
      const roles = h(
        "select",
        { "aria-label": t("role", number), onchange: () => (item.role = roles.value) },
        ...ROLES.map((role) =>
          h("option", { value: role, selected: role === item.role }, t(role || "anyRole")),
        ),
      );
      const remove = () => {
        this.attached.splice(index, 1);
        this.renderTray();
      };
      return h("figure", {}, image, h("b", {}, number), roles, button("times", t("remove"), remove));
    });
    if (this.mask) {
      const image = h("img", { alt: t("mask") });
      server.pictureURL(this.state.id, this.mask.name, 128).then((url) => (image.src = url));
      const remove = () => {
        this.mask = null;
        this.renderTray();
      };
      items.push(
        h("figure", {}, image, h("b", {}, t("mask")), button("times", t("remove"), remove)),
      );
    }
    this.tray.replaceChildren(...items);
  }

  // The open conversation

  render() {
    if (this.listing) return;
    const { state } = this;
    if (this.shown && this.shown !== state.id) this.detach();
    this.shown = state.id;
    this.renderHeader();
    const branch = state.branch;
    const last = branch.at(-1);
    const key = (turn) =>
      JSON.stringify([state.id, turn.id, turn.siblings, turn === last && turn.record.plan]);
    const keep = new Map([...this.body.children].map((child) => [child.dataset.key, child]));
    const children = branch.map((turn) => keep.get(key(turn)) ?? this.turn(turn, key(turn)));
    const asked = branch.findLast(({ role }) => role === "user");
    const jobs = asked ? state.jobsOf(asked.id) : [];
    const cards = jobs.map((job) => this.pending(...job));
    if (String(jobs.map(([job]) => job)) !== this.jobs.dataset.jobs) {
      this.jobs.dataset.jobs = jobs.map(([job]) => job);
      this.jobs.replaceChildren(...cards);
    }
    if (jobs.length) children.push(this.jobs);
    else if (last?.role === "user" && last.parts.some(({ text }) => text))
      children.push(this.unanswered(last, keep));
    else if (last?.role === "user") children.push(h("p", { class: "wegen-hint" }, t("sayMore")));
    if (!branch.length) children.push(this.welcome());
    const atEnd = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < 80;
    this.replaceTurns(children);
    if (atEnd || last?.id !== this.lastSeen) this.body.scrollTop = this.body.scrollHeight;
    this.lastSeen = last?.id;
  }

  /** Show these elements; the focus stays, also on the button of a version that takes its place. */
  replaceTurns(children) {
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    const place = focused?.closest("article")?.dataset.parent;
    for (const child of [...this.body.children]) if (!children.includes(child)) child.remove();
    children.forEach((child, index) => {
      if (this.body.children[index] !== child)
        this.body.insertBefore(child, this.body.children[index] ?? null);
    });
    if (!focused || this.body.contains(focused) || place === undefined) return;
    const article = children.find(({ dataset }) => dataset.parent === place);
    const label = CSS.escape(focused.ariaLabel ?? "");
    (
      article?.querySelector(`[aria-label="${label}"]:enabled`) ??
      article?.querySelector(".wegen-versions button:enabled")
    )?.focus();
  }

  /** What an empty conversation shows: words to begin with. */
  welcome() {
    const use = (text) => {
      this.input.value = text;
      this.input.focus();
    };
    return h(
      "div",
      { class: "wegen-hint" },
      h("i", { class: "pi pi-images", "aria-hidden": "true" }),
      h("p", {}, t("none")),
      ...["example1", "example2", "example3"].map((key) =>
        h("button", { type: "button", class: "wegen-outlined", onclick: () => use(t(key)) }, t(key)),
      ),
    );
  }

  renderHeader() {
    const { state } = this;
    const menu = [
      ["pencil", t("rename"), () => this.rename()],
      ["sliders-h", t("copilot"), () => this.chooseCopilot()],
      ["sitemap", t("graph"), () => this.openGraph(state.head)],
      ["download", t("export"), () => this.export()],
      ["trash", t("delete"), () => this.deleteConversation(state.id)],
    ];
    this.header.replaceChildren(
      button("list", t("list"), () => this.openList()),
      h("strong", { class: "wegen-title" }, state.title || t("newTitle")),
      button("plus", t("newTitle"), () => state.close()),
      this.menuButton(menu, { disabled: !state.id }),
    );
  }

  turn(turn, key) {
    const { state } = this;
    const own = turn.role === "user";
    const parts = turn.parts.map((part) =>
      part.text !== undefined
        ? h("p", {}, turn.record.words ?? part.text)
        : own
          ? this.thumbnail(part)
          : this.picture(turn, part),
    );
    const figure = parts.findLast(({ tagName }) => tagName === "FIGURE");
    const position = turn.siblings.indexOf(turn.id);
    const step = (icon, label, by) =>
      button(icon, label, () => this.attempt(() => state.sibling(turn.id, by)), {
        disabled: !turn.siblings[position + by],
      });
    const versions =
      turn.siblings.length > 1 &&
      h(
        "span",
        { class: "wegen-versions" },
        step("angle-left", t("previous"), -1),
        `${position + 1}/${turn.siblings.length}`,
        step("angle-right", t("next"), 1),
      );
    const again = () =>
      this.attempt(() => state.goTo(turn.parent).then(() => state.reply(turn.parent)));
    const image = state.imageOf(turn.id);
    const more = [
      image && ["file-export", t("toCanvas"), () => this.toCanvas(state.id, image)],
      image && ["sitemap", t("graph"), () => this.openGraph(turn.id)],
      turn.record.plan && ["info-circle", t("plan"), () => this.showPlan(turn.record)],
      ["trash", t("deleteTurn"), () => this.hideTurn(turn)],
    ];
    const actions = own
      ? [
          button("pencil", t("edit"), () => this.attempt(() => this.editTurn(turn))),
          button("trash", t("deleteTurn"), () => this.hideTurn(turn)),
        ]
      : [button("sync", t("regenerate"), again), this.menuButton(more.filter(Boolean))];
    const bar = figure?.lastElementChild ?? h("div", { class: "wegen-bar wegen-actions" });
    bar.append(...actions, ...(versions ? [versions] : []));
    return h(
      "article",
      {
        class: `wegen-turn wegen-${turn.role}`,
        "data-key": key,
        "data-parent": turn.parent ?? "",
        "aria-label": t(own ? "you" : "assistant"),
      },
      ...parts,
      !own && this.variantStrip(turn),
      !figure && bar,
    );
  }

  /** The images of a turn and of those that stand beside it, to choose one to go on from. */
  variantStrip(turn) {
    const { state } = this;
    const drawn = turn.siblings.filter((sibling) => state.imageOf(sibling));
    if (drawn.length < 2) return null;
    return h(
      "div",
      { class: "wegen-variants", role: "group", "aria-label": t("chooseVariant") },
      ...drawn.map((sibling, index) => {
        const image = h("img", { alt: "" });
        this.load(image, state.imageOf(sibling), 256);
        const label = `${t("chooseVariant")} ${index + 1}`;
        const choose = () => this.attempt(() => state.goTo(state.leaf(sibling)));
        return h(
          "button",
          {
            type: "button",
            "aria-label": label,
            "aria-pressed": String(sibling === turn.id),
            onclick: choose,
          },
          image,
        );
      }),
    );
  }

  /** Show an image of the open conversation once its place is in view. */
  load(image, name, size) {
    const { id } = this.state;
    whenVisible(image, () =>
      this.attempt(async () => (image.src = await server.pictureURL(id, name, size))),
    );
  }

  thumbnail(part) {
    const image = h("img", { class: "wegen-thumbnail", alt: "" });
    this.load(image, part.image, 128);
    return image;
  }

  picture(turn, part) {
    const id = this.state.id;
    const image = h("img", {
      alt: turn.parts.find(({ text }) => text)?.text ?? "",
      width: part.width,
      height: part.height,
      class: part.width < 200 ? "wegen-small" : "",
      ondragstart: (event) =>
        event.dataTransfer.setData(PICTURE, JSON.stringify({ id, name: part.image })),
    });
    this.load(image, part.image, THUMBNAIL);
    const badge = h("span", { class: "wegen-badge", hidden: true });
    const outline = h("img", { class: "wegen-outline", alt: "" });
    whenVisible(image, () =>
      this.attempt(async () => {
        const { identical, mask } = await server.change(id, turn.id);
        if (identical === null) return;
        badge.hidden = false;
        badge.textContent = t("identical", (100 * identical).toFixed(1));
        outline.src = `data:image/png;base64,${mask}`;
      }),
    );
    const { region, references } = turn.record.plan ?? {};
    const regions = [region, ...(references ?? []).map((reference) => reference.region)];
    const act = (icon, label, action) => button(icon, label, () => this.attempt(action));
    return h(
      "figure",
      { class: "wegen-picture" },
      h(
        "div",
        { class: "wegen-frame" },
        image,
        outline,
        ...regions.filter(Boolean).map((box) => this.regionButton(turn, part, box)),
        badge,
      ),
      h(
        "div",
        { class: "wegen-bar" },
        act("arrows-h", t("compare"), () => compare(id, turn.id, part.image)),
        act("download", t("save"), () => this.save(id, part.image)),
        act("copy", t("copy"), () => this.copy(id, part.image)),
        act("paperclip", t("reference"), () => this.addPicture(id, part.image)),
      ),
    );
  }

  /** A region of the plan; a click limits the next change to it. */
  regionButton(turn, { width, height }, [x0, y0, x1, y1]) {
    const percent = (share) => `${100 * share}%`;
    const element = h("button", {
      type: "button",
      class: "wegen-region",
      title: t("region"),
      "aria-label": t("region"),
      onclick: () =>
        this.attempt(async () => {
          if (this.state.branch.findLast(({ parts }) => parts.some(({ image }) => image)) !== this.state.turns.get(turn.id))
            throw new Error(t("notLast"));
          await this.setMask(await boxMask(width, height, [x0, y0, x1, y1]));
        }),
    });
    element.style.left = percent(x0);
    element.style.top = percent(y0);
    element.style.width = percent(x1 - x0);
    element.style.height = percent(y1 - y0);
    return element;
  }

  /** A run that has not ended: the same element each time, so that "Stop" stays under the pointer. */
  pending(job, { text, preview, started }) {
    const element = this.cards.get(job) ?? this.card(job);
    element.querySelector("p").textContent = text || t(started ? "working" : "waiting");
    const image = element.querySelector("img");
    image.hidden = !preview;
    if (preview) image.src = preview;
    return element;
  }

  card(job) {
    const stop = h(
      "button",
      { type: "button", class: "wegen-stop", onclick: () => this.attempt(() => this.state.stop(job)) },
      h("i", { class: "pi pi-stop-circle", "aria-hidden": "true" }),
      t("stop"),
    );
    const element = h(
      "article",
      { class: "wegen-turn wegen-assistant", "aria-busy": "true" },
      h("p", {}),
      h("div", { class: "wegen-frame wegen-waiting" }, h("img", { alt: "" }), stop),
    );
    for (const old of this.cards.keys()) if (!this.state.jobs.has(old)) this.cards.delete(old);
    this.cards.set(job, element);
    return element;
  }

  /** What stands below a message without a reply: why there is none, its plan, and "run". */
  unanswered(turn, keep) {
    const { plan } = turn.record;
    const failure = this.state.failures.get(turn.id);
    const key = JSON.stringify(["unanswered", turn.id, plan, failure]);
    if (keep.has(key)) return keep.get(key); // what was typed into the plan stays
    const form = plan && planForm(plan);
    const run = () =>
      this.attempt(async () => {
        if (form) await server.setPlan(this.state.id, turn.id, form.value());
        await this.state.reply(turn.id, Number(this.variants.value));
      });
    return h(
      "article",
      { class: "wegen-turn wegen-assistant", "data-key": key },
      failure && h("p", { class: "wegen-error", role: "alert" }, failure),
      form?.element,
      h(
        "button",
        { type: "button", class: form ? "wegen-primary" : "wegen-outlined", onclick: run },
        t(form ? "paint" : "runAgain"),
      ),
    );
  }

  // Actions

  async editTurn(turn) {
    this.detach();
    this.parent = turn.parent;
    this.input.value = turn.record.words ?? turn.parts.map(({ text }) => text ?? "").join("");
    const before = this.pictures.length;
    this.attached = turn.parts
      .filter(({ image }) => image)
      .map(({ image, width, height }, index) => {
        const reference = turn.references.find(({ picture }) => picture === before + index + 1);
        return { name: image, width, height, role: reference?.role ?? "" };
      });
    this.renderTray();
    this.input.focus();
    const { mask } = turn.record;
    if (mask) await this.setMask(await (await fetch(`data:image/png;base64,${mask}`)).blob());
  }

  hideTurn(turn) {
    return this.attempt(async () => {
      const undo = await this.state.hide(turn.id);
      this.offerUndo(undo);
    });
  }

  offerUndo(undo) {
    const bar = h(
      "div",
      { class: "wegen-bar wegen-undo", role: "status" },
      h("span", {}, t("deleted")),
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            bar.remove();
            this.attempt(undo);
          },
        },
        t("undo"),
      ),
    );
    this.footer.before(bar);
    setTimeout(() => bar.remove(), 10000);
  }

  showPlan(record) {
    dialog(t("plan"), planList(record));
  }

  async save(id, name) {
    const link = h("a", {
      href: URL.createObjectURL(await server.picture(id, name)),
      download: `wegen-${name}`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async copy(id, name) {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": server.picture(id, name) })]);
    this.notify("success", t("copied"));
  }

  async toCanvas(id, name) {
    const form = new FormData();
    form.append("image", await server.picture(id, name), name);
    form.append("subfolder", "wegen");
    form.append("overwrite", "true");
    const { api } = await import("/scripts/api.js");
    const answer = await (await api.fetchApi("/upload/image", { method: "POST", body: form })).json();
    const node = window.LiteGraph.createNode("LoadImage");
    const file = `${answer.subfolder}/${answer.name}`;
    const widget = node.widgets.find((candidate) => candidate.name === "image");
    if (Array.isArray(widget.options?.values) && !widget.options.values.includes(file))
      widget.options.values.push(file);
    const { offset, scale } = app.canvas.ds;
    node.pos = [120 / scale - offset[0], 120 / scale - offset[1]];
    app.graph.add(node);
    widget.value = file;
    widget.callback?.(file);
  }

  openGraph(head) {
    return this.attempt(async () => {
      const { prompt } = await server.graph(this.state.id, head);
      await app.loadApiJson(prompt, this.state.title || "WeGen");
    });
  }

  async export() {
    const link = h("a", {
      href: URL.createObjectURL(await server.exportZip(this.state.id)),
      download: `${this.state.title || "wegen"}.zip`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  rename() {
    const input = h("input", { value: this.state.title, "aria-label": t("title") });
    const done = () =>
      this.attempt(async () => {
        await server.update(this.state.id, { title: input.value });
        await this.state.reload();
        element.close();
      });
    input.addEventListener("keydown", (event) => event.key === "Enter" && done());
    const element = dialog(
      t("rename"),
      input,
      h("button", { type: "button", class: "wegen-primary", onclick: done }, t("rename")),
    );
    input.select();
  }

  async chooseCopilot() {
    const options = await server.copilots();
    const element = dialog(
      t("copilot"),
      ...options.map((option) =>
        h(
          "button",
          {
            type: "button",
            class: "wegen-option",
            "aria-pressed": option.label === (this.state.copilot?.label ?? "mini"),
            onclick: () =>
              this.attempt(async () => {
                await this.state.choose(option);
                element.close();
              }),
          },
          option.label === "mini" ? t("mini") : option.label,
        ),
      ),
      h("p", {}, t("copilotHint")),
    );
  }

  deleteConversation(id) {
    return this.attempt(async () => {
      await server.update(id, { deleted: true });
      if (id === this.state.id) this.state.close();
      if (this.listing) await this.renderList();
      this.offerUndo(async () => {
        await server.update(id, { deleted: false });
        if (this.listing) await this.renderList();
        else await this.state.open(id);
      });
    });
  }

  menuButton(entries, properties = {}) {
    const open = ({ currentTarget }) => this.menu(currentTarget, entries);
    return button("ellipsis-h", t("more"), open, { "aria-haspopup": "menu", ...properties });
  }

  menu(anchor, entries) {
    const box = anchor.getBoundingClientRect();
    const element = h(
      "div",
      { class: "wegen-menu", role: "menu", popover: "auto" },
      ...entries.map(([icon, label, action]) =>
        h(
          "button",
          {
            type: "button",
            role: "menuitem",
            onclick: () => {
              element.hidePopover();
              this.attempt(action);
            },
          },
          h("i", { class: `pi pi-${icon}`, "aria-hidden": "true" }),
          label,
        ),
      ),
    );
    element.addEventListener("keydown", (event) => {
      event.stopPropagation(); // no shortcut of the graph
      const items = [...element.children];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
      if (event.key === "Escape") element.hidePopover(); // some frontends suppress what it does
    });
    element.addEventListener("toggle", ({ newState }) => newState === "closed" && element.remove());
    document.body.append(element);
    element.showPopover();
    element.style.top = `${Math.min(box.bottom, innerHeight - element.offsetHeight - 4)}px`;
    element.style.left = `${Math.max(4, box.right - element.offsetWidth)}px`;
    element.querySelector("button").focus();
  }

  // The list of conversations

  openList() {
    this.listing = true;
    this.footer.hidden = true;
    const search = h("input", {
      type: "search",
      placeholder: t("search"),
      "aria-label": t("search"),
      value: this.query,
    });
    let timer;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        this.query = search.value;
        this.renderList();
      }, 200);
    });
    search.addEventListener("keydown", (event) => event.stopPropagation());
    const file = h("input", { type: "file", accept: ".zip", hidden: true });
    file.addEventListener("change", () =>
      this.attempt(async () => {
        await this.show(await server.importZip(file.files[0]));
      }),
    );
    const toggle = () => {
      this.trash = !this.trash;
      trash.setAttribute("aria-pressed", this.trash);
      this.renderList();
    };
    const trash = button("trash", t("trash"), toggle, { "aria-pressed": this.trash });
    this.header.replaceChildren(
      button("arrow-left", t("close"), () => this.closeList()),
      search,
      button("upload", t("import"), () => file.click()),
      trash,
      file,
    );
    this.renderList();
    search.focus();
  }

  closeList() {
    this.listing = false;
    this.footer.hidden = false;
    this.render();
  }

  async show(id) {
    await this.state.open(id);
    this.closeList();
  }

  renderList() {
    return this.attempt(async () => {
      const all = await server.listAll(this.query, this.trash);
      if (!this.listing) return;
      const rows = all.map((entry) => {
        const image = h("img", { alt: "", loading: "lazy" });
        if (entry.thumbnail)
          server.pictureURL(entry.id, entry.thumbnail, 128).then((url) => (image.src = url));
        const when = new Date(entry.changed * 1000).toLocaleString(undefined, {
          dateStyle: "medium",
          timeStyle: "short",
        });
        const open = h(
          "button",
          { type: "button", class: "wegen-entry", onclick: () => this.attempt(() => this.show(entry.id)) },
          image,
          h("span", {}, h("b", {}, entry.title || t("untitled")), h("small", {}, `${when} · ${size(entry.bytes)}`)),
        );
        const act = (icon, label, action) => button(icon, label, () => this.attempt(action));
        const restore = async () => {
          await server.update(entry.id, { deleted: false });
          await this.renderList();
        };
        const destroy = async () => {
          await server.destroy(entry.id);
          await this.renderList();
        };
        return h(
          "li",
          { class: "wegen-bar" },
          open,
          this.trash
            ? [act("undo", t("restore"), restore), act("times", t("forGood"), destroy)]
            : act("trash", t("delete"), () => this.deleteConversation(entry.id)),
        );
      });
      const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
      const heading = h("h3", {}, `${t(this.trash ? "trash" : "list")} · ${size(total)}`);
      const none = t(this.query ? "noMatch" : this.trash ? "noTrash" : "noConversation");
      this.body.replaceChildren(
        heading,
        all.length ? h("ul", { class: "wegen-list" }, ...rows) : h("p", { class: "wegen-hint" }, none),
      );
    });
  }
}
