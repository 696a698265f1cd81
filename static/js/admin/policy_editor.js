// The policy editor: its panel "What publishing will do", and the way to the first error.

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

// Wagtail counts the errors at each tab. Here the tab of the first error is opened, and its field focused.
window.addEventListener("load", () => {
  const error = document.querySelector("[data-edit-form] .error-message");
  const tab = error?.closest("[role=tabpanel]");
  if (!tab) return;
  const controls = "textarea, select, input:not([type=hidden]), [contenteditable=true]";
  const field = error.closest("[data-field]")?.querySelector(controls) ?? error;
  if (field === error) error.tabIndex = -1;
  const focus = () => (tab.hidden ? requestAnimationFrame(focus) : field.focus());
  tab.dispatchEvent(new CustomEvent("w-focus:focus"));
  focus();
});
