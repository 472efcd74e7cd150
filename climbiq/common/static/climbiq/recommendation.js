// Follows a recommendation's words as they arrive. The numbers are on the page already.
// EventSource reconnects by itself and sends the last number it saw, so nothing is missed or told twice.
"use strict";

(() => {
  const root = document.querySelector("[data-recommendation]");
  if (!root || root.dataset.done || !window.EventSource) return;

  const tips = new Map();
  for (const tip of root.querySelectorAll("[data-tip]")) {
    tips.set(Number(tip.dataset.tip), {
      words: tip.querySelector("[data-words]"),
      waiting: tip.querySelector("[data-waiting]"),
    });
  }
  const lost = root.querySelector("[data-lost]");
  const source = new EventSource(root.dataset.events);

  const on = (name, handle) => source.addEventListener(name, (event) => {
    lost.hidden = true;
    handle(JSON.parse(event.data));
  });
  on("nlg_start", ({ index }) => {
    const tip = tips.get(index);
    if (tip) tip.words.textContent = "";
  });
  on("nlg_chunk", ({ index, text }) => {
    const tip = tips.get(index);
    if (!tip) return;
    tip.waiting.hidden = true;
    tip.words.append(document.createTextNode(text));
  });
  on("nlg_complete", ({ index, text }) => {
    const tip = tips.get(index);
    if (!tip) return;
    tip.waiting.hidden = true;
    tip.words.textContent = text;
  });
  on("done", () => {
    source.close();
    for (const tip of tips.values()) tip.waiting.hidden = true;
    root.dataset.done = "1";
  });
  source.addEventListener("error", () => { lost.hidden = root.dataset.done === "1"; });
})();
