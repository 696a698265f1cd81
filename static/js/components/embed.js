/* Videos and maps of outside services. Until the visitor says so there is a still placeholder, and its frame waits
   inside a template element, where a browser fetches nothing. "Load once" takes this one frame out and keeps nothing;
   "Always allow" saves a choice and loads only when the server has it on record; a category that is allowed already
   loads at once, and one that is withdrawn puts the placeholder back.

   Markup: templates/blocks/embed.html. The choice itself: consent.js, by the address that the page gives. */

class Embed {
  constructor(figure) {
    this.figure = figure;
    this.placeholder = figure.querySelector(".embed__placeholder");
    this.once = figure.querySelector("[data-embed-once]");
    this.always = figure.querySelector("[data-embed-always]");
    this.error = figure.querySelector("[data-embed-error]");
    this.frame = null;
    this.isOnce = false; // loaded for this page view only, by no saved choice
    this.isSaving = false;
    this.once.addEventListener("click", () => this.load(true));
    this.always?.addEventListener("click", () => this.allow());
    figure.dataset.isReady = "";
  }

  /** Act on the categories that are allowed now. `isChoice`: the visitor has just chosen, on this page. */
  follow({ granted, isChoice }) {
    if (granted.includes(this.figure.dataset.category)) this.load(false);
    else if (isChoice || !this.isOnce) this.restore();
  }

  load(isOnce) {
    this.isOnce = isOnce;
    if (this.frame) return;
    const hadFocus = this.placeholder.contains(document.activeElement);
    this.error.hidden = true;
    const waiting = this.figure.querySelector("template").content.firstElementChild;
    this.frame = document.importNode(waiting, true);
    this.placeholder.after(this.frame);
    this.figure.dataset.isLoaded = "";
    if (hadFocus) this.frame.focus();
  }

  restore() {
    if (!this.frame) return;
    const hadFocus = document.activeElement === this.frame;
    this.frame.remove();
    this.frame = null;
    delete this.figure.dataset.isLoaded;
    if (hadFocus) this.once.focus();
  }

  /** Save the choice. Its news, sent by the consent module, loads this frame and all others of the category. */
  async allow() {
    if (this.isSaving) return;
    this.isSaving = true;
    this.error.hidden = true;
    this.placeholder.setAttribute("aria-busy", "true");
    try {
      const consent = await consentModule(this.figure);
      await consent.allow(this.figure.dataset.category);
    } catch (problem) {
      this.error.textContent = problem.forVisitors ?? this.figure.dataset.messageFailed;
      this.error.hidden = false;
    } finally {
      this.isSaving = false;
      this.placeholder.removeAttribute("aria-busy");
    }
  }
}

/** Import the module that runs on this page already; file names carry a hash, so only the page knows its address. */
function consentModule(figure) {
  return import(new URL(figure.dataset.consentScript, location.href).href);
}

const embeds = [...document.querySelectorAll("[data-embed]")].map((figure) => new Embed(figure));
document.addEventListener("consent:change", (event) => embeds.forEach((embed) => embed.follow(event.detail)));
if (embeds.length) {
  const consent = await consentModule(embeds[0].figure);
  embeds.forEach((embed) => embed.follow({ granted: consent.granted() }));
}
