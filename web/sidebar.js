// The chat sidebar: a tab on the left in which pictures are the turns of a conversation.
import { app } from "/scripts/app.js";

app.registerExtension({
  name: "WeGen.Sidebar",
  async setup() {
    // Frontends without sidebar tabs get the nodes only.
    if (!app.extensionManager?.registerSidebarTab) return;
    const [{ ConversationState }, { Panel }, { t }] = await Promise.all([
      import("./sidebar/conversation.mjs"),
      import("./sidebar/panel.mjs"),
      import("./sidebar/texts.mjs"),
    ]);
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("./sidebar/sidebar.css", import.meta.url).href;
    document.head.append(style);
    let panel = null; // it lives on while the tab is closed
    app.extensionManager.registerSidebarTab({
      id: "wegen",
      icon: "pi pi-comments",
      title: "WeGen",
      tooltip: t("tab"),
      type: "custom",
      render(element) {
        if (!panel) {
          const state = new ConversationState();
          panel = new Panel(state);
          panel.attempt(() => state.start());
        }
        element.style.height = "100%";
        element.append(panel.element);
        panel.render();
      },
    });
  },
});
