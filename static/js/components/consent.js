/* The consent bar. Pages are the same for everyone: this module decides by the visitor's cookie, and runs nothing that
   is not on record. On the server: policies/consent/choices.py. */

const COOKIE_FORM =
  /^(?:1|2\.([01]))\.[0-9a-f]{32}\.([1-9]\d{0,8})\.([a-z0-9]{1,16}-[01](?:_[a-z0-9]{1,16}-[01])*)\.([1-9]\d{9})$/;
const hasSignal = () => navigator.globalPrivacyControl === true;
const MAX_LENGTH = 300;
const SAVED = "consent saved"; // told to the page after this one
const PATIENCE = 10_000; // milliseconds
const LONGEST = 190 * 86_400; // seconds

/** Read a consent cookie; null for any other form. */
export function parse(value) {
  const found = value && value.length <= MAX_LENGTH ? COOKIE_FORM.exec(value) : null;
  if (!found) return null;
  const pairs = found[3].split("_").map((pair) => pair.split("-"));
  if (!pairs.every(([name], index) => index === 0 || pairs[index - 1][0] < name)) return null;
  const choices = new Map(pairs.map(([name, state]) => [name, state === "1"]));
  return { gpc: found[1] === "1", version: Number(found[2]), choices, expires: Number(found[4]) };
}

/** `notice` is { accepted, categories }, `now` in seconds. */
export function decide(value, notice, gpc, now) {
  const choice = parse(value);
  const isValid =
    choice !== null &&
    (choice.gpc || !gpc) &&
    choice.expires > now &&
    choice.expires < now + LONGEST &&
    notice.accepted.includes(choice.version) &&
    notice.categories.every((name) => choice.choices.has(name));
  if (isValid) {
    return { ask: false, granted: notice.categories.filter((name) => choice.choices.get(name)), gpc: false };
  }
  return { ask: !gpc, granted: [], gpc }; // a signal is a refusal
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
    this.saving = null; // the choice under way
    this.others = new BroadcastChannel("consent"); // windows beside this one
    this.opener = null;
  }

  start() {
    this.form.addEventListener("submit", (event) => this.save(event));
    this.withdraw.querySelector("button").addEventListener("click", (event) => this.save(event));
    this.chooseButton.addEventListener("click", () => this.unfold([]));
    document.addEventListener("click", (event) => this.openFrom(event));
    document.addEventListener("keydown", (event) => this.escape(event));
    // Another tab may have chosen meanwhile.
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    window.addEventListener("pageshow", (event) => event.persisted && this.refresh());
    // Focus stops above the bar.
    const root = document.documentElement.style;
    new ResizeObserver(() => root.setProperty("--consent-bar-height", `${this.bar.offsetHeight}px`)).observe(this.bar);
    this.others.onmessage = () => this.refresh();
    this.refresh();
    if (history.state !== SAVED) return;
    history.replaceState(null, "");
    this.say(this.bar.dataset.messageSaved, true);
  }

  decision() {
    return decide(readCookie(), this.notice, hasSignal(), Date.now() / 1000);
  }

  refresh() {
    const { ask, granted, gpc } = this.decision();
    this.apply(granted);
    for (const line of document.querySelectorAll("[data-consent-gpc]")) line.hidden = !gpc;
    if (this.opener) return; // opened on purpose: it stays
    if (ask && !this.isDismissed && !onPageOfChoices()) this.show();
    else if (!this.bar.hidden) this.hide();
  }

  /** `isChoice`: chosen on this page, just now. */
  apply(granted, isChoice = false) {
    removeDeclared(this.declared.filter((entry) => !granted.includes(entry.category)));
    for (const script of inertScripts(granted)) {
      this.running.add(script.dataset.consentCategory);
      startScript(script);
    }
    this.offerWithdrawal(granted.length > 0);
    document.dispatchEvent(new CustomEvent("consent:change", { detail: { granted, isChoice } }));
    // What runs only stops with the page.
    if (![...this.running].some((name) => !granted.includes(name))) return;
    if (isChoice) history.replaceState(SAVED, "");
    location.reload();
  }

  offerWithdrawal(isOffered) {
    const hadFocus = this.withdraw.contains(document.activeElement);
    this.withdraw.hidden = !isOffered;
    if (hadFocus && !isOffered) document.querySelector("footer [data-consent-open]").focus();
  }

  show() {
    if (!this.bar.hidden) return;
    this.tellChanges(this.decision().ask ? parse(readCookie())?.version : undefined);
    this.error.hidden = true;
    this.bar.hidden = false;
    if (!this.opener) this.say(this.bar.dataset.messageOpen);
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

  unfold(granted) {
    const hadFocus = document.activeElement === this.chooseButton;
    this.fold(false, granted);
    if (hadFocus) this.switches()[0].focus();
  }

  fold(isFolded = true, granted = []) {
    for (const input of this.switches()) input.checked = granted.includes(input.value);
    this.settings.hidden = this.saveButton.hidden = isFolded;
    this.chooseButton.hidden = !isFolded;
  }

  switches() {
    return [...this.settings.querySelectorAll("input[name=category]")];
  }

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

  /** Save all in one request; return why it failed, or "". */
  async record(body) {
    if (hasSignal()) body.set("gpc", "1"); // some extensions send no header
    const wanted = body.toString();
    if (this.saving?.wanted === wanted) return ""; // a second click means the first
    this.saving?.abort(); // its answer must not come later
    const saving = (this.saving = Object.assign(new AbortController(), { wanted }));
    setTimeout(() => saving.abort(), PATIENCE);
    this.form.setAttribute("aria-busy", "true");
    const before = readCookie();
    try {
      await post(this.form.getAttribute("action"), body, saving.signal);
      if (readCookie() === before) throw new Error("no cookie came"); // each choice has its own
      this.saved();
      return "";
    } catch (problem) {
      if (this.saving !== saving) return "";
      return problem instanceof Refusal ? problem.message : this.bar.dataset.messageFailed;
    } finally {
      if (this.saving === saving) {
        this.saving = null;
        this.form.removeAttribute("aria-busy");
      }
    }
  }

  /** Act on the cookie, not on the answer: another tab may have chosen meanwhile. */
  saved() {
    this.hide();
    this.say(this.bar.dataset.messageSaved, true);
    this.apply(this.decision().granted, true);
    this.others.postMessage("");
  }

  /** To screen readers; to everybody for a moment if `isSeen`. */
  say(words, isSeen = false) {
    this.status.textContent = words;
    this.status.className = isSeen ? "consent-saved" : "visually-hidden";
    clearTimeout(this.fading);
    if (isSeen) this.fading = setTimeout(() => this.say(""), 6_000);
  }
}

class Refusal extends Error {}

async function post(url, body, signal) {
  // Without `keepalive`: a late answer could undo what is chosen on the next page.
  const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, signal });
  const answer = await response.json();
  if (response.ok && answer.ok === true) return;
  throw answer.error ? new Refusal(answer.error) : new Error(response.statusText);
}

function onPageOfChoices() {
  return document.querySelector("[data-consent-page]") !== null;
}

/** Two of that name count as none: somebody else set one. */
function readCookie() {
  const found = document.cookie.split("; ").filter((cookie) => cookie.startsWith("consent="));
  return found.length === 1 ? found[0].slice(8) : undefined;
}

function inertScripts(granted) {
  return [...document.querySelectorAll('script[type="text/plain"][data-consent-category]')].filter((script) =>
    granted.includes(script.dataset.consentCategory),
  );
}

function startScript(inert) {
  const script = document.createElement("script");
  const { src, consentCategory, ...others } = inert.dataset;
  Object.assign(script.dataset, others);
  script.src = src;
  inert.replaceWith(script);
}

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

/** For this host, all domains and folders above: whose it is cannot be read. */
function expireCookie(name) {
  const labels = location.hostname.split(".");
  const domains = labels.map((_, index) => `; domain=${labels.slice(index).join(".")}`);
  for (let path = location.pathname; ; path = path.replace(/[^/]+$|\/$/, "")) {
    for (const domain of ["", ...domains]) document.cookie = `${name}=; path=${path || "/"}; max-age=0${domain}`;
    if (!path) return;
  }
}

function emptyStorage(kind, matches) {
  try {
    const storage = window[kind];
    Object.keys(storage).filter(matches).forEach((key) => storage.removeItem(key));
  } catch {
    // Closed storage holds nothing of ours.
  }
}

const bar = document.querySelector("[data-consent-bar]");
const hasChoice = bar && document.documentElement.dataset.consentCategories;
const consent = hasChoice ? new ConsentBar(bar, document.documentElement.dataset) : null;
consent?.start();

export const granted = () => consent?.decision().granted ?? [];
export const allow = (category) => consent?.allow(category);
