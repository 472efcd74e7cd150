// Small helps; every page works without them. No eval, no inline handlers, nothing written as HTML.
"use strict";

(() => {
  // --- Time zone: tell the server where the person is -----------------------------------------------------------
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  for (const field of document.querySelectorAll('input[type="hidden"][name="time_zone"]')) {
    if (!field.value) field.value = zone;
  }
  for (const button of document.querySelectorAll("[data-use-zone]")) {
    const field = document.getElementById(button.dataset.useZone);
    if (!field || !zone) continue;
    button.hidden = field.value === zone;
    button.textContent = `Use this device’s: ${zone}`;
    button.addEventListener("click", () => {
      field.value = zone;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      button.hidden = true;
      field.focus();
    });
  }

  // --- The error summary is read first, and its lines lead into groups of buttons, too -------------------------
  const summary = document.querySelector("[data-error-summary]");
  if (summary) {
    summary.focus();
    summary.addEventListener("click", (event) => {
      const link = event.target.closest('a[href^="#"]');
      const target = link && document.getElementById(link.getAttribute("href").slice(1));
      const control = target && (target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea"));
      if (!control) return;
      event.preventDefault();
      control.focus();
      (control.closest(".field") || control).scrollIntoView({ block: "nearest" });
    });
  }

  // --- Numbers: less and more ------------------------------------------------------------------------------------
  for (const box of document.querySelectorAll("[data-stepper]")) {
    const input = box.querySelector("input");
    const { low, high, step, start } = box.dataset;
    for (const button of box.querySelectorAll("[data-by]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const now = Number.parseFloat(input.value.replace(",", "."));
        const next = Number.isNaN(now) ? Number(start) : now + Number(button.dataset.by) * Number(step);
        const inside = Math.min(Math.max(next, Number(low)), Number(high));
        input.value = String(Math.round(inside * 10) / 10);
        input.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }
  }

  // --- Passwords may be looked at -----------------------------------------------------------------------------------
  for (const input of document.querySelectorAll('input[type="password"]')) {
    const box = document.createElement("span");
    const button = document.createElement("button");
    box.className = "password";
    button.type = "button";
    button.className = "button button--quiet";
    const label = input.labels?.[0]?.firstChild?.textContent.trim() || "password";
    const tell = () => {
      const isHidden = input.type === "password";
      button.textContent = isHidden ? "Show" : "Hide";
      button.setAttribute("aria-label", `${button.textContent}: ${label}`);
    };
    button.addEventListener("click", () => {
      input.type = input.type === "password" ? "text" : "password";
      tell();
    });
    input.form?.addEventListener("submit", () => { input.type = "password"; });
    input.replaceWith(box);
    box.append(input, button);
    tell();
  }

  // --- Niggles: fold spare rows away, add more ---------------------------------------------------------------------
  for (const editor of document.querySelectorAll("[data-niggles]")) {
    const rows = () => [...editor.querySelectorAll("[data-niggle]")];
    const isBlank = (row) => [...row.querySelectorAll("input, select")].every((part) => !part.value);
    rows().forEach((row, position) => { row.hidden = position > 0 && isBlank(row); });
    const add = editor.querySelector("[data-add-niggle]");
    add.hidden = false;
    add.addEventListener("click", () => {
      let row = rows().find((candidate) => candidate.hidden);
      if (!row) {
        const number = rows().length;
        row = rows()[0].cloneNode(true);
        row.setAttribute("aria-label", String(number + 1));
        for (const part of row.querySelectorAll("[id], [for]")) {
          for (const name of ["id", "for", "name"]) {
            const text = part.getAttribute(name);
            if (text) part.setAttribute(name, text.replace(/-0-(location|severity|notes)$/, `-${number}-$1`));
          }
          if (part.matches("input, select")) part.value = "";
        }
        rows().at(-1).after(row);
      }
      row.hidden = false;
      row.querySelector("select").focus();
    });
  }

  // --- A list to pick from that is longer than what the page holds: look up what is being typed -----------------------
  for (const input of document.querySelectorAll("input[data-options-from]")) {
    let timer;
    let asked = 0;
    const look = async () => {
      const number = (asked += 1);
      const url = `${input.dataset.optionsFrom}?page_size=20&search=${encodeURIComponent(input.value.trim())}`;
      try {
        const answer = await fetch(url, { headers: { Accept: "application/json" } });
        const found = answer.ok ? (await answer.json()).results : [];
        if (number !== asked || !found.length) return;
        input.list.replaceChildren(...found.map(({ name, city }) => {
          const option = document.createElement("option");
          option.value = city ? `${name}, ${city}` : name;
          return option;
        }));
      } catch { /* no network: the options that are there stay */ }
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (input.value.trim().length > 1) timer = setTimeout(look, 250);
    });
  }

  // --- Copy ----------------------------------------------------------------------------------------------------------
  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "Selected: copy it now";
      }
    });
  }

  // --- What was typed is kept in this tab until the server has it -------------------------------------------------
  const PREFIX = "climbiq:";
  const person = document.body.dataset.person || "";
  const isErrorPage = document.body.hasAttribute("data-error-page");
  const arrival = performance.getEntriesByType("navigation")[0]?.type || "navigate";
  const keyOf = (form) => `${PREFIX}${person}:${location.pathname}${location.search}#${form.dataset.keep}`;

  const stored = () => {
    try { return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)); } catch { return []; }
  };
  const read = (key) => {
    try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; }
  };
  const write = (key, value) => {
    try { sessionStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: nothing to keep it in */ }
  };
  const forget = (key) => {
    try { sessionStorage.removeItem(key); } catch { /* nothing was kept */ }
  };

  // What a page showed goes with what was made of it: only a difference between the two is an answer.
  const isShown = (part) => part.type === "hidden" && part.name.startsWith("initial-");
  const isKept = (part) =>
    part.name && !part.closest(".password") &&
    (isShown(part) || !["hidden", "file", "submit", "button"].includes(part.type));
  const contents = (form) => {
    const values = {};
    for (const part of form.elements) {
      if (!isKept(part)) continue;
      if (part.type === "radio" || part.type === "checkbox") {
        (values[part.name] ||= []).push(...(part.checked ? [part.value] : []));
      } else {
        values[part.name] = [part.value];
      }
    }
    return values;
  };
  const fill = (form, values) => {
    for (const part of form.elements) {
      const kept = isKept(part) && values[part.name];
      if (!kept) continue;
      if (part.type === "radio" || part.type === "checkbox") part.checked = kept.includes(part.value);
      else if (kept.length) part.value = kept[0];
    }
    for (const row of form.querySelectorAll("[data-niggle]")) {
      if ([...row.querySelectorAll("input, select")].some((part) => part.value)) row.hidden = false;
    }
  };

  // Sent from the page we come from, and answered by an ordinary one: done. Anything less proves nothing: after a
  // failed connection the next page may come from the address bar.
  const cameFrom = (() => {
    try {
      const url = new URL(document.referrer);
      return url.origin === location.origin ? url.pathname + url.search : "";
    } catch { return ""; }
  })();
  for (const key of stored()) {
    const kept = read(key);
    const isMine = key.startsWith(`${PREFIX}${person}:`);
    const isAnswer = kept?.sent && arrival === "navigate" && key.startsWith(`${PREFIX}${person}:${cameFrom}#`);
    if (!isMine || !kept || (isAnswer && !isErrorPage)) forget(key);
    else if (kept.sent) write(key, { ...kept, sent: false });
  }
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const key = keyOf(form);
    const keep = () => write(key, { values: contents(form), sent: false });
    const kept = read(key);
    if (form.querySelector("[data-error-summary]")) keep();
    else if (kept) fill(form, kept.values);
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    form.addEventListener("submit", () => write(key, { values: contents(form), sent: true }));
  }
  for (const form of document.querySelectorAll("form[data-forget]")) {
    form.addEventListener("submit", () => stored().forEach(forget));
  }

  // --- One submission at a time ------------------------------------------------------------------------------------
  const release = (form) => {
    delete form.dataset.sending;
    for (const button of form.querySelectorAll('[type="submit"]')) button.removeAttribute("aria-disabled");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "1";
    for (const button of form.querySelectorAll('[type="submit"]')) button.setAttribute("aria-disabled", "true");
    setTimeout(release, 15000, form);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sending]").forEach(release);
  });
})();
