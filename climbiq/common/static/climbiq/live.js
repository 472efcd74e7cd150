// Listens to the person's own channel and says, unobtrusively, when there is something new to look at.
// One stream for each tab, and only while the tab is seen. Where it stood is kept in the tab, so that nothing is missed
// between two pages. Whatever goes wrong, the page works without: it is tried again later, ever more rarely.
"use strict";

(() => {
  const place = document.querySelector("[data-live]");
  if (!place || !window.EventSource) return;

  const FIRST_WAIT = 2500; // somebody who only passes through opens no stream
  const LONGEST_WAIT = 10 * 60 * 1000;
  const person = document.body.dataset.person || "";
  const news = {
    training_finished: { words: "Your model has been updated.", address: () => place.dataset.model },
    recommendation_ready: { words: "Your recommendation is ready.", address: (id) => id && `${place.dataset.recommendations}${id}/` },
  };

  const recall = (what) => {
    try { return sessionStorage.getItem(`climbiq-live:${person}:${what}`) || ""; } catch { return ""; }
  };
  const keep = (what, value) => {
    try { sessionStorage.setItem(`climbiq-live:${person}:${what}`, value); } catch { /* the next page hears from now on */ }
  };
  // A recommendation that is still being told has a stream of its own.
  const told = document.querySelector("[data-recommendation]");
  const isBusy = () => Boolean(told) && !told.dataset.done;

  const show = (words, address) => {
    const message = document.createElement("p");
    const link = document.createElement("a");
    message.className = "news";
    link.href = address;
    link.textContent = "Show";
    message.append(`${words} `, link);
    place.replaceChildren(message);
  };

  let source = null;
  let timer = 0;
  let wait = FIRST_WAIT;

  const close = () => {
    window.clearTimeout(timer);
    if (source) source.close();
    source = null;
  };
  const later = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(open, wait * (0.8 + 0.4 * Math.random()));
  };
  const heard = (event) => {
    if (event.lastEventId) keep("heard", event.lastEventId);
    const said = news[event.type];
    if (!said) return;
    let id = "";
    try { id = JSON.parse(event.data).id || ""; } catch { return; }
    const address = said.address(id);
    if (address && id !== recall("seen") && id !== told?.dataset.recommendation) show(said.words, address);
  };
  function open() {
    if (source || document.visibilityState !== "visible") return;
    if (isBusy()) { later(); return; }
    const address = new URL(place.dataset.live, location.href);
    const last = recall("heard");
    if (last) address.searchParams.set("lastEventId", last);
    source = new EventSource(address);
    for (const name of ["ready", ...Object.keys(news)]) source.addEventListener(name, heard);
    source.addEventListener("ready", () => { wait = FIRST_WAIT; });
    source.addEventListener("stream-reset", heard);
    source.addEventListener("error", () => {
      // The browser would come back every two seconds for as long as it takes: we do, but not so often.
      close();
      wait = Math.min(wait * 3, LONGEST_WAIT);
      later();
    });
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") later();
    else close();
  });
  addEventListener("pagehide", () => {
    if (told?.dataset.done) keep("seen", told.dataset.recommendation);
    close();
  });
  // Logging out ends the login before the page is gone: to come back meanwhile would be refused.
  for (const form of document.querySelectorAll("form[data-forget]")) form.addEventListener("submit", close);
  addEventListener("pageshow", (event) => { if (event.persisted) later(); });
  later();
})();
