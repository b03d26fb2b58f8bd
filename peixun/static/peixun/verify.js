// Checks the signature in the code of a certificate, in the browser, with the public keys that it has at hand.
//
// A code reads <host>/v/<code>/#<statement>. What a statement is made of stands in
// certificates/signing.py. On the page of a certificate one sentence is shown; the page for checking without
// a network shows what the statement says.

const VERSION = "1";
const SIGNATURE = 64;
const FIELDS = ["version", "kid", "number", "issuer", "name", "digest", "title", "hours", "issued", "expires"];
const BETWEEN = /[\s·•・‧∙⋅･●᛫.]/g;
const SCANNED = /([0-9A-HJKMNP-TV-Z]{16})\/?#([\w-]+)$/;
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const OWN_KEYS = "peixun-keys";
const FOREIGN_KEYS = "peixun-foreign-keys";

// The parts of a code, of its whole text or of the address; null where it carries no statement.
export function partsOf(text) {
  const match = SCANNED.exec(text.trim());
  return match && { code: match[1], statement: match[2] };
}

// What the statement says; null unless one of the keys signed just that for this code.
export async function verified({ code, statement }, keys) {
  const raw = decoded(statement);
  if (!raw || raw.length <= SIGNATURE) return null;
  const body = raw.slice(SIGNATURE);
  const said = fieldsOf(body);
  if (!said || said.version !== VERSION) return null;
  const message = new Uint8Array([...new TextEncoder().encode(`${code}\n`), ...body]);
  for (const jwk of keys.filter((key) => key.kid === said.kid && key.crv === "P-256")) {
    const { kty, crv, x, y } = jwk;
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, P256, false, ["verify"]);
    const good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, raw.slice(0, SIGNATURE), message);
    if (good) return { ...said, code };
  }
  return null;
}

export async function isName(name, said) {
  const plain = name.normalize("NFKC").replace(BETWEEN, "").toLowerCase();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${said.code}\n${plain}`));
  return encoded(new Uint8Array(digest)).slice(0, 2) === said.digest;
}

function fieldsOf(body) {
  try {
    const lines = new TextDecoder("gb18030", { fatal: true }).decode(body).split("\n");
    if (lines.length !== FIELDS.length) return null;
    return Object.fromEntries(FIELDS.map((field, place) => [field, lines[place]]));
  } catch (error) {
    return null;
  }
}

// Only the one writing of these bytes counts: no other text may pass for the same statement.
function decoded(text) {
  try {
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
    return encoded(bytes) === text ? bytes : null;
  } catch (error) {
    return null;
  }
}

function encoded(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// --- Keys ---------------------------------------------------------------------------------------

// The keys of this office, as fresh as the network gives them, and those that were pasted.
async function keysAtHand(address) {
  const fresh = await fetch(address).then((response) => (response.ok ? response.text() : "")).catch(() => "");
  if (readKeys(fresh)) store(OWN_KEYS, fresh);
  return [OWN_KEYS, FOREIGN_KEYS].flatMap((name) => readKeys(stored(name)) || []);
}

// The keys in a JWK set; null where the text is none.
function readKeys(text) {
  try {
    const { keys } = JSON.parse(text);
    return Array.isArray(keys) && keys.every((key) => key && typeof key.kid === "string") ? keys : null;
  } catch (error) {
    return null;
  }
}

// A browser that keeps nothing still checks while it has a network.
const remembered = {};

function store(name, text) {
  remembered[name] = text;
  try {
    localStorage.setItem(name, text);
  } catch (error) {
    remembered.full = true;
  }
}

function stored(name) {
  try {
    return localStorage.getItem(name) || remembered[name] || "";
  } catch (error) {
    return remembered[name] || "";
  }
}

// --- The page -----------------------------------------------------------------------------------

const place = document.querySelector("[data-verify]");
const panel = place && place.querySelector("[data-said]");
let latest = null;

function tell(outcome) {
  for (const part of place.querySelectorAll("[data-outcome]")) part.hidden = part.dataset.outcome !== outcome;
}

async function judge(text) {
  latest = null;
  const parts = partsOf(text);
  const keys = parts ? await keysAtHand(place.dataset.keys) : [];
  if (parts && keys.length) latest = await verified(parts, keys);
  tell(outcomeOf(parts, keys));
  if (panel) showSaid();
}

function outcomeOf(parts, keys) {
  if (!parts) return "none";
  if (!keys.length) return "keys";
  if (!latest) return "bad";
  const expired = latest.expires && latest.expires < today();
  return expired && place.querySelector("[data-outcome=expired]") ? "expired" : "good";
}

// The last day counts, in the time of China.
function today() {
  return new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 10);
}

function showSaid() {
  panel.hidden = !latest;
  if (!latest) return;
  for (const shown of panel.querySelectorAll("[data-field]")) {
    shown.textContent = latest[shown.dataset.field] || shown.dataset.forever || "—";
  }
  compareName();
}

async function compareName() {
  const name = panel.querySelector("input").value.trim();
  const same = Boolean(name && latest) && (await isName(name, latest));
  panel.querySelector("[data-same]").hidden = !same;
  panel.querySelector("[data-differs]").hidden = !name || same;
}

function keepForeign(field) {
  const text = field.value.trim();
  const good = !text || readKeys(text) !== null;
  if (good) store(FOREIGN_KEYS, text);
  place.querySelector("[data-foreign-bad]").hidden = good;
}

function startOffline() {
  const scanned = place.querySelector("[name=scanned]");
  const foreign = place.querySelector("[name=foreign]");
  foreign.value = stored(FOREIGN_KEYS);
  foreign.addEventListener("change", () => keepForeign(foreign));
  place.querySelector("[data-check]").addEventListener("click", () => judge(scanned.value));
  panel.querySelector("input").addEventListener("input", compareName);
  if (navigator.serviceWorker) navigator.serviceWorker.register("/sw.js").catch(() => null);
  keysAtHand(place.dataset.keys);
}

if (place && window.crypto && crypto.subtle) {
  place.hidden = false;
  if (panel) startOffline();
  if (location.hash.length > 1) judge(location.pathname + location.hash);
}
