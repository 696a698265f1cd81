/* Checks a version of a policy in the reader's browser: that the text on the page is the record's, that the record is
   the one that was sealed in the ledger, and that the heads of the ledger follow each other. It is loaded, checks and
   fetches the record and its proof when somebody presses the button of proof-button.js; the links beside that and
   check_proof.py do the same.

   Markup: templates/components/policy_record.html, which holds all words. */

const PATIENCE = 20_000; // milliseconds

/** There is none now (new, too many asked for, a damaged ledger): nothing is wrong with what the page shows. */
class NoProof extends Error {}

/** Something that the check found wrong: the name of its words. */
class Wrong extends Error {}

function expect(holds, name) {
  if (!holds) throw new Wrong(name);
}

async function sha256(...parts) {
  const data = await new Blob(parts).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/[0-9a-f]{2}/g), (pair) => parseInt(pair, 16));

/** Write content in the one form that is hashed: keys sorted, no spaces. */
function encode(content) {
  const sorted = (_key, value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value;
  return JSON.stringify(content, sorted);
}

/** Follow a path up to the root of its tree (RFC 9162, section 2.1.3.2). */
async function root(leaf, index, last, path) {
  const nodes = path.map(unhex);
  let found = leaf;
  for (; last > 0; index = Math.floor(index / 2), last = Math.floor(last / 2)) {
    if (index % 2 === 0 && index === last) continue; // without a sibling it moves up
    const node = nodes.shift();
    expect(node, "sealed");
    found = index % 2 ? await sha256("\x01", node, found) : await sha256("\x01", found, node);
  }
  expect(nodes.length === 0, "sealed");
  return hex(found);
}

async function checkSeal({ entry, position, path, heads: [head] }) {
  const { first, last } = head;
  expect([first, position, last].every(Number.isSafeInteger) && first <= position && position <= last, "sealed");
  const leaf = await sha256("\x00", encode(entry));
  expect((await root(leaf, position - first, last - first, path)) === head.root, "sealed");
}

async function checkHeads({ heads, timestamp }) {
  let before = null;
  for (const { sha256: stated, ...head } of heads) {
    expect([head.number, head.first, head.last].every(Number.isSafeInteger), "heads"); // true + 1 is 2
    expect(hex(await sha256(encode(head))) === stated, "heads");
    if (before) {
      expect(head.previous === before.stated && head.number === before.number + 1, "heads");
      expect(head.first === before.last + 1, "heads");
    }
    before = { ...head, stated };
  }
  expect(timestamp === null || timestamp.head === before.number, "heads");
}

const withoutSpaces = (text) => text.replace(/\s+/g, "");

/** Hold the text on the page against the record. Nothing in the record's markup runs or loads. */
function checkText(record) {
  const shown = document.querySelector("[data-policy-text]").textContent;
  const frozen = new DOMParser().parseFromString(record.html, "text/html").body.textContent;
  expect(withoutSpaces(shown) === withoutSpaces(frozen), "text");
}

async function fetched(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
  if ([409, 429].includes(answer.status)) throw new NoProof((await answer.json()).error); // it says why
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.arrayBuffer();
}

const parsed = (data) => JSON.parse(new TextDecoder().decode(data));

class PolicyProof {
  constructor(place) {
    this.place = place;
    this.result = place.querySelector("[data-proof-result]");
    this.isChecking = false;
    place.querySelector("[data-proof-check]").addEventListener("click", () => this.start());
    this.start();
  }

  async start() {
    if (this.isChecking) return;
    this.isChecking = true;
    this.tell(this.words("checking"));
    const { recordUrl, proofUrl } = this.place.dataset;
    try {
      await this.check(...(await Promise.all([fetched(recordUrl), fetched(proofUrl)])));
    } catch (problem) {
      console.warn(problem);
      if (problem instanceof NoProof) this.tell(problem.message);
      else this.tell(problem instanceof Wrong ? problem.message : this.words("failed"), true);
    } finally {
      this.isChecking = false;
    }
  }

  async check(record, proofData) {
    try {
      const proof = parsed(proofData);
      await this.checkRecord(record, proof);
      await checkSeal(proof);
      await checkHeads(proof);
      checkText(parsed(record));
      const [first, last] = [proof.heads[0], proof.heads.at(-1)];
      this.tell(this.words("holds", { position: proof.position, time: moment(first.time), head: last.number }));
    } catch (problem) {
      // What is not built as proofs are ends in an error of the language.
      const name = problem instanceof Wrong ? problem.message : "other";
      this.tell(this.words("wrong", { what: this.words(name) }), true);
    }
  }

  async checkRecord(record, { format, entry: { kind, content } }) {
    const { policy, number, sha256: shown } = this.place.dataset;
    const isOurs = kind === "version" && content.policy === policy && String(content.number) === number;
    expect(format === 1 && isOurs, "other");
    const hash = hex(await sha256(record));
    expect(hash === content.sha256 && hash === shown, "record");
  }

  words(name, values = {}) {
    const words = this.place.dataset[`message${name[0].toUpperCase()}${name.slice(1)}`];
    return words.replace(/\{(\w+)\}/g, (_all, key) => values[key]);
  }

  tell(words, isWrong = false) {
    this.result.textContent = words;
    this.result.classList.toggle("record__result--wrong", isWrong);
  }
}

function moment(time) {
  const style = { dateStyle: "long", timeStyle: "short" };
  return new Date(time).toLocaleString(document.documentElement.lang, style);
}

document.querySelectorAll("[data-policy-proof]").forEach((place) => new PolicyProof(place));
