/* Videos and maps of outside services. Their frames wait inside template elements, where a browser fetches nothing.
   "Load once" takes one out and keeps nothing; "Always allow" loads only when the server has the choice on record;
   what is allowed already loads at once, and what is withdrawn gives way to the placeholder.

   Markup: templates/blocks/embed.html. The choice itself: consent.js. */

import { allow, granted } from "./consent.js";

class Embed {
  constructor(figure) {
    this.figure = figure;
    this.placeholder = figure.querySelector(".embed__placeholder");
    this.once = figure.querySelector("[data-embed-once]");
    this.always = figure.querySelector("[data-embed-always]");
    this.error = figure.querySelector("[data-embed-error]");
    this.frame = null;
    this.isOnce = false; // loaded for this page view only, by no saved choice
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
    this.tell("");
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
    this.tell("");
    this.tell(await allow(this.figure.dataset.category));
  }

  tell(words) {
    this.error.textContent = words;
    this.error.hidden = !words;
  }
}

const embeds = [...document.querySelectorAll("[data-embed]")].map((figure) => new Embed(figure));
document.addEventListener("consent:change", (event) => embeds.forEach((embed) => embed.follow(event.detail)));
embeds.forEach((embed) => embed.follow({ granted: granted() }));
