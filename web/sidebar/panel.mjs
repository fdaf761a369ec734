// The tab: a list of conversations, or the open one with its composer.
import { app } from "/scripts/app.js";
import { compare } from "./compare.mjs";
import { button, dialog, h } from "./dom.mjs";
import { drawMask } from "./mask.mjs";
import * as server from "./server.mjs";
import { ROLES, t } from "./texts.mjs";

const PICTURE = "application/x-wegen-picture";
const THUMBNAIL = 640;

export class Panel {
  constructor(state) {
    this.state = state;
    this.listing = false;
    this.trash = false;
    this.query = "";
    this.attached = []; // {name, width, height, role}
    this.mask = null; // {name}
    this.parent = undefined; // of an edited message; undefined: the head
    this.element = h("section", { class: "wegen", "aria-label": "WeGen" });
    this.body = h("div", { class: "wegen-turns", role: "log", "aria-live": "polite" });
    this.header = h("header", { class: "wegen-bar" });
    this.tray = h("div", { class: "wegen-tray" });
    this.input = h("textarea", { rows: 2, placeholder: t("say"), "aria-label": t("say") });
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
    const footer = h(
      "footer",
      {
        ondragover: (event) => event.preventDefault(),
        ondrop: (event) => this.drop(event),
      },
      this.tray,
      this.input,
      h(
        "div",
        { class: "wegen-bar" },
        button("paperclip", t("attach"), () => files.click()),
        button("share-alt", t("fromCanvas"), () => this.attempt(() => this.addFromCanvas())),
        button("pencil", t("mask"), () => this.attempt(() => this.addMask())),
        button("undo", t("undo"), () => this.attempt(() => this.state.undo())),
        button("refresh", t("redo"), () => this.attempt(() => this.state.redo())),
        h("span", { class: "wegen-space" }),
        this.sendButton,
        files,
      ),
    );
    return footer;
  }

  async send() {
    const text = this.input.value.trim();
    if (!text && !this.attached.length) return;
    this.sendButton.disabled = true;
    const before = this.state.pictures.length;
    const references = this.attached
      .map(({ role }, index) => ({ picture: before + index + 1, role }))
      .filter(({ role }) => role);
    const message = {
      images: this.attached.map(({ name }) => name),
      references,
      mask: this.mask?.name ?? null,
    };
    if (this.parent !== undefined) message.parent = this.parent;
    await this.attempt(async () => {
      await this.state.say(text, message);
      this.input.value = "";
      this.attached = [];
      this.mask = null;
      this.parent = undefined;
      this.renderTray();
    });
    this.sendButton.disabled = false;
    this.input.focus();
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
  }

  /** A picture of a conversation becomes a reference. */
  async addPicture(id, name) {
    await this.addFiles([new File([await server.picture(id, name)], name, { type: "image/png" })]);
  }

  async addFromCanvas() {
    const nodes = [...(app.canvas.selectedItems ?? [])].filter((node) => node.imgs?.length);
    if (!nodes.length) throw new Error(t("noNode"));
    for (const node of nodes) {
      const blob = await (await fetch(node.imgs[0].src)).blob();
      await this.addFiles([new File([blob], "node.png", { type: blob.type })]);
    }
  }

  async addMask() {
    const last = this.state.pictures.at(-1);
    if (!last) throw new Error(t("noPicture"));
    const blob = await drawMask(await server.pictureURL(this.state.id, last.image));
    if (!blob) return;
    const file = new File([blob], "mask.png", { type: "image/png" });
    this.mask = await server.addImage(this.state.id, file);
    this.renderTray();
  }

  renderTray() {
    const before = this.state.pictures.length;
    const items = this.attached.map((item, index) => {
      const number = before + index + 1;
      const image = h("img", { alt: `${number}` });
      server.pictureURL(this.state.id, item.name, 128).then((url) => (image.src = url));
      const roles = h(
        "select",
        { "aria-label": t("role", number), onchange: () => (item.role = roles.value) },
        ...ROLES.map((role) => h("option", { value: role, selected: role === item.role }, role)),
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
    this.renderHeader();
    const { state } = this;
    const branch = state.branch;
    const key = (turn) =>
      JSON.stringify([turn.id, turn.siblings, state.failures.get(turn.id) ?? "", state.id]);
    const last = branch.at(-1);
    const keep = new Map([...this.body.children].map((child) => [child.dataset.key, child]));
    const children = branch.map((turn) => keep.get(key(turn)) ?? this.turn(turn, key(turn)));
    if (last?.role === "user") children.push(this.pending(last));
    if (!branch.length) children.push(h("p", { class: "wegen-hint" }, t("none")));
    const atEnd = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < 80;
    this.body.replaceChildren(...children);
    if (atEnd || last?.id !== this.lastSeen) this.body.scrollTop = this.body.scrollHeight;
    this.lastSeen = last?.id;
  }

  renderHeader() {
    const { state } = this;
    const menu = (event) =>
      this.menu(event.currentTarget, [
        ["pencil", t("rename"), () => this.rename()],
        ["sliders-h", t("copilot"), () => this.chooseCopilot()],
        ["sitemap", t("graph"), () => this.openGraph(state.head)],
        ["download", t("export"), () => this.export()],
        ["trash", t("delete"), () => this.deleteConversation(state.id)],
      ]);
    this.header.replaceChildren(
      button("list", t("list"), () => this.openList()),
      h("strong", { class: "wegen-title" }, state.title || t("newTitle")),
      button("plus", t("newTitle"), () => state.close()),
      button("ellipsis-v", t("more"), menu, { disabled: !state.id }),
    );
  }

  turn(turn, key) {
    const { state } = this;
    const own = turn.role === "user";
    const parts = turn.parts.map((part) =>
      part.text !== undefined
        ? h("p", {}, part.text)
        : own
          ? this.thumbnail(part)
          : this.picture(turn, part),
    );
    const actions = own
      ? [
          button("pencil", t("edit"), () => this.editTurn(turn)),
          button("trash", t("deleteTurn"), () => this.hideTurn(turn)),
        ]
      : [
          button("refresh", t("regenerate"), () =>
            this.attempt(() => state.goTo(turn.parent).then(() => state.reply(turn.parent))),
          ),
          turn.record.plan &&
            button("info-circle", t("plan"), () => this.showPlan(turn.record.plan)),
          button("trash", t("deleteTurn"), () => this.hideTurn(turn)),
        ];
    const position = turn.siblings.indexOf(turn.id);
    const versions = turn.siblings.length > 1 && [
      button("angle-left", t("previous"), () => this.attempt(() => state.sibling(turn.id, -1)), {
        disabled: position === 0,
      }),
      h("span", {}, `${position + 1}/${turn.siblings.length}`),
      button("angle-right", t("next"), () => this.attempt(() => state.sibling(turn.id, 1)), {
        disabled: position === turn.siblings.length - 1,
      }),
    ];
    return h(
      "article",
      { class: `wegen-turn wegen-${turn.role}`, "data-key": key, "aria-label": t(own ? "you" : "assistant") },
      ...parts,
      h("div", { class: "wegen-bar wegen-actions" }, versions, actions),
    );
  }

  thumbnail(part) {
    const image = h("img", { class: "wegen-thumbnail", alt: "", loading: "lazy" });
    server.pictureURL(this.state.id, part.image, 128).then((url) => (image.src = url));
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
    server.pictureURL(id, part.image, THUMBNAIL).then((url) => (image.src = url));
    const badge = h("span", { class: "wegen-badge", hidden: true });
    const outline = h("img", { class: "wegen-outline", alt: "" });
    server
      .change(id, turn.id)
      .then(({ identical, mask }) => {
        if (identical === null) return;
        badge.hidden = false;
        badge.textContent = `${(100 * identical).toFixed(1)}${t("identical")}`;
        outline.src = `data:image/png;base64,${mask}`;
      })
      .catch(() => {});
    const act = (icon, label, action) => button(icon, label, () => this.attempt(action));
    return h(
      "figure",
      { class: "wegen-picture" },
      h("div", { class: "wegen-frame" }, image, outline, badge),
      h(
        "div",
        { class: "wegen-bar" },
        act("arrows-h", t("compare"), () => compare(id, turn.id, part.image)),
        act("download", t("save"), () => this.save(id, part.image)),
        act("copy", t("copy"), () => this.copy(id, part.image)),
        act("share-alt", t("toCanvas"), () => this.toCanvas(id, part.image)),
        act("paperclip", t("reference"), () => this.addPicture(id, part.image)),
        act("sitemap", t("graph"), () => this.openGraph(turn.id)),
      ),
    );
  }

  /** What stands below a message that has no reply yet. */
  pending(turn) {
    const run = this.state.jobOf(turn.id);
    const failure = this.state.failures.get(turn.id);
    if (!run)
      return h(
        "article",
        { class: "wegen-turn wegen-assistant" },
        failure && h("p", { class: "wegen-error", role: "alert" }, failure),
        h(
          "button",
          { type: "button", onclick: () => this.attempt(() => this.state.reply(turn.id)) },
          t("runAgain"),
        ),
      );
    const [job, { text, preview }] = run;
    return h(
      "article",
      { class: "wegen-turn wegen-assistant", "aria-busy": "true" },
      h("p", {}, text || t("working")),
      preview && h("img", { class: "wegen-preview", src: preview, alt: "" }),
      h(
        "div",
        { class: "wegen-bar" },
        button("stop-circle", t("stop"), () => this.attempt(() => server.stop(job)), {
          class: "wegen-stop",
        }),
      ),
    );
  }

  // Actions

  editTurn(turn) {
    this.parent = turn.parent;
    this.input.value = turn.parts.map(({ text }) => text ?? "").join("");
    this.attached = turn.parts
      .filter(({ image }) => image)
      .map(({ image, width, height }) => ({ name: image, width, height, role: "" }));
    this.renderTray();
    this.input.focus();
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

  showPlan(plan) {
    const rows = [
      [t("prompt"), plan.prompt],
      [t("changes"), (plan.changes ?? []).join("; ")],
      [t("keeps"), (plan.keep ?? []).join("; ")],
    ].filter(([, value]) => value);
    const element = dialog(
      t("plan"),
      h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      h("button", { type: "button", onclick: () => element.close() }, t("close")),
    );
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
      h("button", { type: "button", onclick: () => element.close() }, t("cancel")),
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
    element.addEventListener("toggle", ({ newState }) => newState === "closed" && element.remove());
    document.body.append(element);
    element.style.top = `${box.bottom}px`;
    element.showPopover();
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
    this.header.replaceChildren(
      button("arrow-left", t("close"), () => this.closeList()),
      search,
      button("upload", t("import"), () => file.click()),
      button("trash", t("trash"), () => {
        this.trash = !this.trash;
        this.renderList();
      }),
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
        const size = `${(entry.bytes / 2 ** 20).toFixed(1)} ${t("size")}`;
        const when = new Date(entry.changed * 1000).toLocaleString();
        const open = h(
          "button",
          { type: "button", class: "wegen-entry", onclick: () => this.attempt(() => this.show(entry.id)) },
          image,
          h("span", {}, h("b", {}, entry.title || t("untitled")), h("small", {}, `${when} · ${size}`)),
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
      const heading = h("h3", {}, t(this.trash ? "trash" : "list"));
      this.body.replaceChildren(heading, h("ul", { class: "wegen-list" }, ...rows));
    });
  }
}
