/* The consent bar. Every page is the same for everyone: the notice's version in the attributes of <html>, the bar
   hidden, optional scripts inert. This module reads the visitor's cookie and decides without a request. It runs nothing
   that the server has not put on record. The same decision on the server: policies/consent.py. */

const COOKIE_FORM =
  /^1\.[0-9a-f]{32}\.([1-9]\d{0,8})\.([a-z0-9]{1,16}-[01](?:_[a-z0-9]{1,16}-[01])*)\.([1-9]\d{9})$/;
const MAX_LENGTH = 300;
const PATIENCE = 10_000; // milliseconds until saving counts as failed

/** Read a consent cookie; null for anything that is not exactly in our form. */
export function parse(value) {
  const found = value && value.length <= MAX_LENGTH ? COOKIE_FORM.exec(value) : null;
  if (!found) return null;
  const pairs = found[2].split("_").map((pair) => pair.split("-"));
  const isSorted = pairs.every(([name], index) => index === 0 || pairs[index - 1][0] < name);
  if (!isSorted) return null;
  const choices = new Map(pairs.map(([name, state]) => [name, state === "1"]));
  return { version: Number(found[1]), choices, expires: Number(found[3]) };
}

/** Say whether to ask and which categories may run. `notice` is { accepted, categories }, `now` in seconds. */
export function decide(value, notice, gpc, now) {
  const choice = parse(value);
  const stands =
    choice !== null &&
    choice.expires > now &&
    notice.accepted.includes(choice.version) &&
    notice.categories.every((name) => choice.choices.has(name));
  if (stands) {
    return { ask: false, granted: notice.categories.filter((name) => choice.choices.get(name)), gpc: false };
  }
  return { ask: !gpc, granted: [], gpc }; // a signal without a choice is a refusal
}

class ConsentBar {
  constructor(bar, attributes) {
    this.bar = bar;
    this.form = bar.querySelector("form");
    this.settings = bar.querySelector("[data-consent-settings]");
    this.chooseButton = bar.querySelector("[data-consent-choose]");
    this.saveButton = bar.querySelector("[data-consent-save]");
    this.error = bar.querySelector("[data-consent-error]");
    this.changed = bar.querySelector("[data-consent-changed]");
    this.gpcLine = bar.querySelector("[data-consent-gpc]");
    this.status = document.querySelector("[data-consent-status]");
    this.withdraw = document.querySelector("[data-consent-withdraw]");
    this.notice = {
      version: Number(attributes.consentVersion),
      accepted: attributes.consentAccepted.split(",").map(Number),
      categories: attributes.consentCategories.split(","),
    };
    this.declared = JSON.parse(bar.dataset.declared);
    this.running = new Set(); // categories whose scripts were started on this page
    this.isDismissed = false; // by Escape, for this page view only
    this.isSaving = false;
    this.opener = null;
  }

  start() {
    this.form.addEventListener("submit", (event) => this.save(event));
    this.withdraw.querySelector("button").addEventListener("click", (event) => this.save(event));
    this.chooseButton.addEventListener("click", () => this.unfold([]));
    document.addEventListener("click", (event) => this.openFrom(event));
    document.addEventListener("keydown", (event) => this.escape(event));
    // Another tab may have chosen meanwhile; or the page is shown again as it was.
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    window.addEventListener("pageshow", (event) => event.persisted && this.refresh());
    // Focus stops above the bar: the style sheet needs to know how high it is.
    const root = document.documentElement.style;
    new ResizeObserver(() => root.setProperty("--consent-bar-height", `${this.bar.offsetHeight}px`)).observe(this.bar);
    this.refresh();
  }

  decision() {
    const now = Date.now() / 1000;
    return decide(readCookie("consent"), this.notice, navigator.globalPrivacyControl === true, now);
  }

  /** Act on what the cookie says now. */
  refresh() {
    const { ask, granted } = this.decision();
    this.apply(granted);
    if (this.opener) return; // opened on purpose: it stays until it is answered or closed
    if (ask && !this.isDismissed && !onPageOfChoices()) this.show();
    else if (!this.bar.hidden) this.hide();
  }

  /** Run what is allowed and remove what is not. `isChoice`: chosen on this page, just now. */
  apply(granted, isChoice = false) {
    removeDeclared(this.declared.filter((entry) => !granted.includes(entry.category)));
    for (const script of inertScripts(granted)) {
      this.running.add(script.dataset.consentCategory);
      startScript(script);
    }
    this.offerWithdrawal(granted.length > 0);
    document.dispatchEvent(new CustomEvent("consent:change", { detail: { granted, isChoice } }));
    // What runs only stops with the page.
    if ([...this.running].some((name) => !granted.includes(name))) location.reload();
  }

  /** Withdrawing is one click, too. */
  offerWithdrawal(isOffered) {
    const hadFocus = this.withdraw.contains(document.activeElement);
    this.withdraw.hidden = !isOffered;
    if (hadFocus && !isOffered) document.querySelector("footer [data-consent-open]").focus();
  }

  show() {
    if (!this.bar.hidden) return;
    const { ask, gpc } = this.decision();
    this.gpcLine.hidden = !gpc;
    this.tellChanges(ask ? parse(readCookie("consent"))?.version : undefined);
    this.error.hidden = true;
    this.bar.hidden = false;
    if (!this.opener) this.say(this.bar.dataset.messageOpen); // opened on purpose, focus goes there and says enough
  }

  /** Tell who chose under an older version what changed since. */
  tellChanges(chosen) {
    this.changed.hidden = !(chosen < this.notice.version);
    if (this.changed.hidden) return;
    this.changed.querySelector("a").href = `${this.changed.dataset.compare}${chosen}/${this.notice.version}/`;
    for (const line of this.changed.querySelectorAll("li")) line.hidden = Number(line.dataset.version) <= chosen;
  }

  hide() {
    const hadFocus = this.bar.contains(document.activeElement);
    this.bar.hidden = true;
    this.fold();
    if (hadFocus) (this.opener ?? document.querySelector("main")).focus({ preventScroll: true });
    this.opener = null;
  }

  /** Show the switches, those of `granted` on. */
  unfold(granted) {
    const hadFocus = document.activeElement === this.chooseButton;
    this.fold(false, granted);
    if (hadFocus) this.switches()[0].focus();
  }

  /** The save button takes the place of the choose button. */
  fold(isFolded = true, granted = []) {
    for (const input of this.switches()) input.checked = granted.includes(input.value);
    this.settings.hidden = this.saveButton.hidden = isFolded;
    this.chooseButton.hidden = !isFolded;
  }

  switches() {
    return [...this.settings.querySelectorAll("input[name=category]")];
  }

  /** "Cookie settings" in the footer opens the bar in place; on the page of choices it is an ordinary link. */
  openFrom(event) {
    const link = event.target.closest?.("[data-consent-open]");
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !isPlain || onPageOfChoices()) return;
    event.preventDefault();
    this.opener = link;
    this.show();
    this.unfold(this.decision().granted);
    this.bar.focus();
  }

  escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || this.bar.hidden) return;
    this.isDismissed = true;
    this.hide();
  }

  async save(event) {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(this.form));
    body.set("choice", (event.submitter ?? event.target.closest("button"))?.value ?? "chosen");
    const words = await this.record(body);
    if (!words) return;
    this.show();
    this.error.textContent = words;
    this.error.hidden = false;
  }

  allow(category) {
    const body = new URLSearchParams({ notice: this.form.elements.notice.value, choice: "chosen" });
    for (const name of new Set([...this.decision().granted, category])) body.append("category", name);
    return this.record(body);
  }

  /** Save all in one request; return why it failed, or "". Nothing runs before it is on record. */
  async record(body) {
    if (this.isSaving) return ""; // a second click means the first
    this.isSaving = true;
    this.form.setAttribute("aria-busy", "true");
    const before = readCookie("consent");
    try {
      await post(this.form.getAttribute("action"), body);
      if (readCookie("consent") === before) throw new Error("no cookie came"); // each choice has its own
      this.saved();
      return "";
    } catch (problem) {
      return problem instanceof Refusal ? problem.message : this.bar.dataset.messageFailed;
    } finally {
      this.isSaving = false;
      this.form.removeAttribute("aria-busy");
    }
  }

  /** Act on the cookie, not on the answer: another tab may have chosen otherwise at the same moment. */
  saved() {
    this.hide();
    this.say(this.bar.dataset.messageSaved);
    this.apply(this.decision().granted, true);
  }

  say(words) {
    this.status.textContent = words;
  }
}

/** The server's own words on why it did not save. */
class Refusal extends Error {}

async function post(address, body) {
  const response = await fetch(address, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
    keepalive: true, // a click on a link right after must not undo the choice
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json();
  if (response.ok && answer.ok === true) return;
  throw answer.error ? new Refusal(answer.error) : new Error(response.statusText);
}

function onPageOfChoices() {
  return document.querySelector("[data-consent-page]") !== null;
}

function readCookie(name) {
  const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

function inertScripts(granted) {
  return [...document.querySelectorAll('script[type="text/plain"][data-consent-category]')].filter((script) =>
    granted.includes(script.dataset.consentCategory),
  );
}

/** Replace an inert element by a script with its other data attributes. */
function startScript(inert) {
  const script = document.createElement("script");
  const { src, consentCategory, ...others } = inert.dataset;
  Object.assign(script.dataset, others);
  script.src = src;
  inert.replaceWith(script);
}

/** Remove cookies and stored entries; a name may be a pattern with `*`. */
function removeDeclared(entries) {
  for (const { storage, name } of entries) {
    const matches = matcher(name);
    if (storage === "cookie") cookieNames().filter(matches).forEach(expireCookie);
    else emptyStorage(storage === "local" ? "localStorage" : "sessionStorage", matches);
  }
}

function matcher(pattern) {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const form = new RegExp(`^${parts.join(".*")}$`);
  return (name) => form.test(name) && name !== "consent"; // no pattern may remove the choice itself
}

function cookieNames() {
  return document.cookie.split("; ").filter(Boolean).map((cookie) => cookie.split("=")[0]);
}

/** Expire a cookie for this host and all domains above: whose it is cannot be read. */
function expireCookie(name) {
  const labels = location.hostname.split(".");
  const domains = labels.map((_, index) => `; domain=${labels.slice(index).join(".")}`);
  for (const domain of ["", ...domains]) document.cookie = `${name}=; path=/; max-age=0${domain}`;
}

function emptyStorage(kind, matches) {
  try {
    const storage = window[kind];
    Object.keys(storage).filter(matches).forEach((key) => storage.removeItem(key));
  } catch {
    // A browser that keeps its storage closed has nothing of ours in it.
  }
}

const bar = document.querySelector("[data-consent-bar]");
const hasChoice = bar && document.documentElement.dataset.consentCategories;
const consent = hasChoice ? new ConsentBar(bar, document.documentElement.dataset) : null;
consent?.start();

/** For other modules: what is allowed now, and saving one more category. */
export const granted = () => consent?.decision().granted ?? [];
export const allow = (category) => consent?.allow(category);
