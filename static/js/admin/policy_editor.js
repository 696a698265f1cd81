// The policy editor: its panel "What publishing will do", its saving by itself, when the version takes effect, and the
// way to the first error.

// Fetched when the panel comes into sight, and after every saving while it is.
class PublicationPreview extends HTMLElement {
  connectedCallback() {
    this.refresh = () => this.checkVisibility() && this.load();
    this.sight = new IntersectionObserver(this.refresh);
    this.sight.observe(this);
    document.addEventListener("w-autosave:success", this.refresh);
  }

  disconnectedCallback() {
    this.sight.disconnect();
    document.removeEventListener("w-autosave:success", this.refresh);
  }

  async load() {
    const page = /\/pages\/(\d+)\/edit\//.exec(this.closest("form").action)?.[1];
    if (!page) return; // new, and not saved yet
    this.request?.abort();
    this.request = new AbortController();
    this.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(this.getAttribute("src").replace("/0/", `/${page}/`), {
        signal: this.request.signal,
        headers: { "X-Requested-With": "XMLHttpRequest" }, // signed out: refused, not led to the login page
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const html = await answer.text();
      if (html === this.shown) return this.removeAttribute("aria-busy"); // kept: what was scrolled and unfolded
      this.innerHTML = this.shown = html;
      this.say(this.firstElementChild?.dataset.said ?? "");
    } catch (error) {
      if (error.name === "AbortError") return;
      this.textContent = this.getAttribute("failure");
      this.say(this.textContent);
      this.shown = null;
    }
    this.removeAttribute("aria-busy");
  }

  // To screen readers, in a line: not the whole text anew after every saving.
  say(words) {
    this.nextElementSibling.textContent = words;
  }
}

customElements.define("publication-preview", PublicationPreview);

// Open the tab in which something stands, then do it.
function openTab(tab, then) {
  tab.dispatchEvent(new CustomEvent("w-focus:focus"));
  const wait = () => (tab.hidden ? requestAnimationFrame(wait) : then());
  wait();
}

// Sent while it saves by itself, the form would come back as the draft before that one, and Wagtail would take the
// newest for that of another window: it is sent once that is done, and saves no more.
function sendAfterSaving(form) {
  let isSaving = false;
  let isSent = false;
  document.addEventListener("w-autosave:save", (event) => (isSent ? event.preventDefault() : (isSaving = true)));
  for (const end of ["w-autosave:success", "w-autosave:error"]) {
    document.addEventListener(end, () => {
      isSaving = false;
      if (form.waiting !== undefined) form.requestSubmit(form.waiting);
    });
  }
  form.addEventListener("submit", (event) => {
    isSent = !isSaving && !event.defaultPrevented;
    if (!isSaving) return;
    event.preventDefault();
    form.waiting = event.submitter;
  });
}

// After an error Wagtail saves by itself once, and looks for no more changes: tell it of each.
function keepSaving(form) {
  const tell = () => form.dispatchEvent(new CustomEvent("w-unsaved:add", { cancelable: true }));
  for (const change of ["input", "change"]) form.addEventListener(change, tell);
}

// A time says "at a time ahead", and "at once" needs none. What is no time stays in its field, and is not sent.
function askWhen(form) {
  const { effective_from: time, takes_effect: choice } = form.elements;
  if (!time || !choice) return;
  const field = time.closest(".w-panel__wrapper");
  const hide = () => (field.hidden = choice.value === "now");
  const chooseLater = () => time.value && (choice.value = "later");
  time.addEventListener("input", chooseLater);
  for (const radio of choice) {
    radio.addEventListener("change", () => {
      if (choice.value === "now") time.value = "";
      hide();
    });
  }
  hide();
  form.addEventListener("submit", (event) => {
    if (!time.validity.badInput) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    openTab(time.closest("[role=tabpanel]"), () => {
      time.scrollIntoView({ block: "center", behavior: "instant" });
      time.reportValidity();
    });
  });
  if (!time.dataset.suggested) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-small button-secondary";
  button.textContent = time.dataset.suggestion;
  button.addEventListener("click", () => {
    time.value = time.dataset.suggested;
    time.dispatchEvent(new Event("input", { bubbles: true }));
  });
  time.after(button);
}

window.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("[data-edit-form]");
  askWhen(form);
  sendAfterSaving(form);
  if (form.querySelector(".error-message")) keepSaving(form);
});

// Wagtail counts the errors at each tab. Here the tab of the first error is opened, and its field focused.
window.addEventListener("load", () => {
  const error = document.querySelector("[data-edit-form] .error-message");
  const tab = error?.closest("[role=tabpanel]");
  if (!tab) return;
  const controls = "textarea, select, input:not([type=hidden]), [contenteditable=true]";
  const field = error.closest("[data-field]")?.querySelector(controls) ?? error;
  if (field === error) error.tabIndex = -1;
  openTab(tab, () => field.focus());
});
