// Follows a recommendation's words as they arrive. The numbers are on the page already.
// EventSource reconnects by itself after a lost connection and sends the last number it saw, so nothing is missed or
// told twice. After an answer that is no stream (a busy server, a proxy) it gives up: then we open it anew.
"use strict";

(() => {
  const root = document.querySelector("[data-recommendation]");
  if (!root) return;

  // A long explanation shows its beginning; the rest is one tap away.
  const fold = (words) => {
    if (words.dataset.folded) return;
    words.classList.add("tip__words--folded");
    if (words.scrollHeight <= words.clientHeight + 4) {
      words.classList.remove("tip__words--folded");
      return;
    }
    words.dataset.folded = "1";
    const more = document.createElement("button");
    more.type = "button";
    more.className = "button button--plain tip__more";
    const say = (isOpen) => {
      more.textContent = isOpen ? "Less" : "Read on";
      more.setAttribute("aria-expanded", String(isOpen));
      words.classList.toggle("tip__words--folded", !isOpen);
    };
    more.addEventListener("click", () => say(more.getAttribute("aria-expanded") === "false"));
    say(false);
    words.after(more);
  };
  for (const words of root.querySelectorAll("[data-words]")) fold(words);
  if (root.dataset.done || !window.EventSource) return;

  const tips = new Map();
  for (const tip of root.querySelectorAll("[data-tip]")) {
    tips.set(Number(tip.dataset.tip), {
      words: tip.querySelector("[data-words]"),
      waiting: tip.querySelector("[data-waiting]"),
    });
  }
  const lost = root.querySelector("[data-lost]");
  const address = new URL(root.dataset.events, window.location.href);
  let wait = 2000;

  const handlers = {
    nlg_start: (tip) => {
      tip.words.textContent = "";
      tip.words.classList.add("tip__words--folded"); // it grows no further than it will be
    },
    nlg_chunk: (tip, { text }) => {
      tip.waiting.hidden = true;
      tip.words.append(document.createTextNode(text));
    },
    nlg_complete: (tip, { text }) => {
      tip.waiting.hidden = true;
      tip.words.textContent = text;
      fold(tip.words);
    },
  };

  const finish = (source) => {
    source.close();
    lost.hidden = true;
    root.dataset.done = "1";
    for (const tip of tips.values()) tip.waiting.hidden = true;
  };

  const open = () => {
    const source = new EventSource(address);
    source.addEventListener("open", () => { lost.hidden = true; wait = 2000; });
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        address.searchParams.set("after", event.lastEventId.split(":").pop());
        const data = JSON.parse(event.data);
        const tip = tips.get(data.index);
        if (tip) handle(tip, data);
      });
    }
    source.addEventListener("done", () => finish(source));
    source.addEventListener("error", () => {
      if (root.dataset.done === "1") return;
      lost.hidden = false;
      if (source.readyState !== EventSource.CLOSED) return;
      window.setTimeout(open, wait + Math.random() * 1000);
      wait = Math.min(wait * 2, 60000);
    });
  };
  open();
})();
