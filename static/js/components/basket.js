/* The basket in the browser: putting things in without leaving the page, and totals that follow what is chosen.
   Everything works without it, by plain forms; where anything goes wrong it steps aside and lets the browser send the
   form. It keeps nothing, and asks the server only when somebody acts.

   Markup: templates/store/. */

import { showCount } from "./basket-count.js";

const PATIENCE = 10_000; // milliseconds

function send(form, accept) {
  const body = new URLSearchParams(new FormData(form));
  return fetch(form.action, {
    method: "POST",
    body,
    headers: { Accept: accept },
    signal: AbortSignal.timeout(PATIENCE),
  });
}

/* --- A product's page ------------------------------------------------------------------------------------- */

async function add(event) {
  const form = event.target;
  event.preventDefault();
  if (form.dataset.isSending) return; // a second click means the first
  form.dataset.isSending = "yes";
  try {
    const answer = await send(form, "application/json");
    const told = await answer.json();
    tell(form, told.ok ? told.message : told.error, !told.ok);
    showCount();
  } catch (problem) {
    console.warn(problem);
    tell(form, form.dataset.messageFailed, true);
  } finally {
    delete form.dataset.isSending;
  }
}

function tell(form, message, isError) {
  const place = form.querySelector("[data-basket-result]");
  place.hidden = false;
  place.classList.toggle("buy__result--error", isError);
  place.querySelector("[data-basket-go]").hidden = isError;
  // Said anew even when the words are the same as before.
  const words = place.querySelector("[data-basket-message]");
  words.textContent = "";
  requestAnimationFrame(() => (words.textContent = message));
}

/* --- Parts of a page made anew by the server ---------------------------------------------------------------- */

/** Put the parts that an answer names in place of ours; focus and what was typed elsewhere stay. */
async function refresh(answer) {
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const parts = [...document.querySelectorAll("[data-refresh]")];
  const pairs = parts.map((part) => [part, found.querySelector(`[data-refresh="${part.dataset.refresh}"]`)]);
  if (pairs.some(([, fresh]) => fresh === null)) {
    window.location.assign(answer.url); // another page: the server had its reasons
    return null;
  }
  const focused = document.activeElement?.id;
  for (const [part, fresh] of pairs) {
    part.replaceChildren(...fresh.childNodes);
  }
  if (focused && document.activeElement?.id !== focused) {
    (document.getElementById(focused) ?? document.getElementById("_main")).focus({ preventScroll: true });
  }
  removeSpareButtons();
  announce(pairs.map(([, fresh]) => fresh.dataset.announcement).find(Boolean));
  return found;
}

function announce(message) {
  const place = document.querySelector("[data-announce]");
  if (place && message) place.textContent = message;
}

/** Buttons that only those need for whom nothing happens by itself; hidden ones would still take the Enter key. */
function removeSpareButtons() {
  for (const button of document.querySelectorAll("[data-without-script]")) button.remove();
}

/* --- The basket's page ---------------------------------------------------------------------------------------- */

let lastChange = 0;

async function change(form) {
  const mine = ++lastChange;
  try {
    const answer = await send(form, "text/html");
    if (mine === lastChange) await refresh(answer); // an older answer would undo what was typed since
    if (form.matches("[data-remove]")) document.querySelector("[data-undo]")?.focus();
    showCount();
  } catch (problem) {
    console.warn(problem);
    form.submit();
  }
}

let changing = null;

/** Change it; the way to the checkout waits for that. */
function begin(form) {
  const mine = change(form).finally(() => changing === mine && (changing = null));
  changing = mine;
}

/** Nobody walks past a quantity that is wrong, or that the server does not know yet. */
async function goToCheckout(event) {
  const quantities = [...document.querySelectorAll("[data-basket-update] [name=quantity]")];
  if (!quantities.every((field) => field.reportValidity())) {
    event.preventDefault();
  } else if (changing) {
    event.preventDefault();
    await changing;
    const link = document.querySelector("[data-checkout]"); // gone if it cannot be bought as it stands now
    if (link) window.location.assign(link.href);
  }
}

/* --- The review page ------------------------------------------------------------------------------------------- */

let asking = null;

async function choose(form) {
  asking?.abort();
  asking = new AbortController();
  const chosen = new FormData(form);
  const url = new URL(form.action);
  for (const name of ["country", "shipping"]) url.searchParams.set(name, chosen.get(name) ?? "");
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: asking.signal });
    const found = await refresh(answer);
    if (found) follow(found, url);
  } catch (problem) {
    if (problem.name === "AbortError") return; // the shopper chose again, or ordered
    window.location.assign(url);
  }
}

/** What is ordered is what the page now shows; the server compares it with what is chosen. */
function follow(found, url) {
  const [ours, fresh] = [document, found].map((page) => page.querySelector("[data-order]"));
  for (const name of ["shown", "parts"]) ours.elements[name].value = fresh.elements[name].value;
  window.history.replaceState(null, "", url);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-basket-add]")) add(event);
  if (form.matches("[data-basket-update]")) {
    event.preventDefault();
    begin(form);
  }
  if (form.matches("[data-order]")) asking?.abort(); // a total that comes now would be too late
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-checkout]")) goToCheckout(event);
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-basket-update]") && form.reportValidity()) begin(form);
  if (event.target.closest("[data-delivery]")) choose(form);
});

// Out of the browser's memory it would not say that a payment page is open, or what has changed.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[data-refresh]")) window.location.reload();
});

// Back from the payment page to an order that was refused first opens the page, and does not send the order again.
if (document.querySelector("[data-order]")) window.history.replaceState(null, "", window.location.href);

removeSpareButtons();
document.querySelector(".error-summary")?.focus();
