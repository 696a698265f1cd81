// Parts of the panel "What publishing will do" of the policy editor: fetched when it is opened, and after every saving.

class PublicationPreview extends HTMLElement {
  connectedCallback() {
    this.details = this.closest("details"); // none: always in sight
    this.refresh = () => (!this.details || this.details.open) && this.load();
    this.details?.addEventListener("toggle", this.refresh);
    if (!this.details) this.load();
    document.addEventListener("w-autosave:success", this.refresh);
  }

  disconnectedCallback() {
    this.details?.removeEventListener("toggle", this.refresh);
    document.removeEventListener("w-autosave:success", this.refresh);
  }

  async load() {
    this.request?.abort();
    this.request = new AbortController();
    this.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(this.getAttribute("src"), {
        signal: this.request.signal,
        headers: { "X-Requested-With": "XMLHttpRequest" }, // signed out: refused, not led to the login page
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      this.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.textContent = this.getAttribute("failure");
    }
    this.removeAttribute("aria-busy");
  }
}

customElements.define("publication-preview", PublicationPreview);
