// The service worker: keeps the trainer's pages on the phone, and shows them where there is no network.
//
// Kept are the page of today and the rosters, for the person who is signed in, and the files that they
// need; no other page of anybody. Who signs in or out clears the pages. What was marked is not here but
// in the queue (queue.js), which stays.

const PAGES = "peixun-pages";
const FILES = "peixun-files";
const OFFLINE = "/offline/";
const CHECK = "/v/offline/";
const CERTIFICATE = /^\/v\//;
const OWNER = "/owner";
const KEPT = /^\/(today|sessions\/\d+\/register)\/$/;
const ENTRANCE = /^\/accounts\/(login|logout)\//;
const REFERENCES = /(?:src|href)="(\/static\/[^"]+)"/g;
const HASHED = /\.[0-9a-f]{12}\.\w+$/;
const SLOW = 4000;
const MINUTE = 60 * 1000;
const LONGEST = 3 * 24 * 60 * MINUTE;
// Counts who signed in or out: a page that was asked for before is not kept after.
let turn = 0;
// Two pages may want theirs kept at the same time: one after the other.
let taking = Promise.resolve();

self.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([keepOffline(), keepCheck()]).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("message", (event) => {
  if (event.data.forget) event.waitUntil(forget());
  if (!event.data.pages) return;
  taking = taking.then(() => take(event.data)).catch(() => null);
  event.waitUntil(taking);
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && CERTIFICATE.test(url.pathname)) {
    event.respondWith(fetch(event.request).catch(checked));
    if (url.pathname === CHECK) event.waitUntil(keepCheck().catch(() => null));
  } else if (event.request.mode === "navigate") {
    const isKept = event.request.method === "GET" && KEPT.test(url.pathname);
    event.respondWith(isKept ? shown(event, url) : passed(event, url));
  } else if (event.request.method === "GET" && url.pathname.startsWith("/static/")) {
    event.respondWith(file(event.request));
  }
});

// A page that is kept: from the network, or as it was kept where that fails or is slow.
async function shown(event, url) {
  const since = turn;
  let keeping = null;
  const fresh = fetch(event.request).then((response) => {
    keeping = remember(url, response.clone(), since);
    return response;
  });
  event.waitUntil(fresh.then(() => keeping).catch(() => null));
  const kept = await keptPage(url.pathname);
  if (!kept) return fresh.catch(offline);
  const late = new Promise((resolve) => setTimeout(resolve, SLOW, kept));
  return Promise.race([fresh, late]).catch(() => kept);
}

// Any other page: from the network alone.
async function passed(event, url) {
  if (ENTRANCE.test(url.pathname) && event.request.method === "POST") await forget();
  return fetch(event.request).catch(offline);
}

async function offline() {
  return (await caches.match(OFFLINE, { cacheName: FILES })) || Response.error();
}

function forget() {
  turn += 1;
  return caches.delete(PAGES);
}

// Sent to the sign-in page: nobody is signed in any more, so nothing personal stays.
async function remember(url, response, since) {
  if (response.type === "opaqueredirect") return forget();
  if (response.ok && !url.search) return keep(url.pathname, response, since);
  if (response.status === 403 || response.status === 404) return (await caches.open(PAGES)).delete(url.pathname);
  return null;
}

// The copy says since when it is kept, for the bar on the page.
async function keep(path, response, since) {
  const text = await response.text();
  if (since !== turn) return;
  const now = new Date();
  const copy = new Response(text.replace("<html ", `<html data-kept="${now.toISOString()}" `), {
    headers: {
      "Content-Type": response.headers.get("Content-Type"),
      "Content-Security-Policy": response.headers.get("Content-Security-Policy") || "default-src 'self'",
      "X-Kept": String(now.getTime()),
    },
  });
  await (await caches.open(PAGES)).put(path, copy);
  await keepFiles(text);
}

async function keptPage(path) {
  const cache = await caches.open(PAGES);
  const page = await cache.match(path);
  if (!page) return null;
  if (Date.now() - Number(page.headers.get("X-Kept")) < LONGEST) return page;
  await cache.delete(path);
  return null;
}

async function keepFiles(text) {
  const cache = await caches.open(FILES);
  const wanted = new Set(Array.from(text.matchAll(REFERENCES), (match) => match[1]));
  await Promise.all(Array.from(wanted, async (path) => {
    if (!(await cache.match(path, { ignoreVary: true }))) await cache.add(path).catch(() => null);
  }));
}

function keepOffline() {
  return keepPlain(OFFLINE);
}

// A page that holds nothing of anybody.
async function keepPlain(path) {
  const response = await fetch(path, { credentials: "omit" });
  const text = await response.clone().text();
  await (await caches.open(FILES)).put(path, response);
  await keepFiles(text);
}

// What checks the signature of a certificate; the page keeps the keys by itself.
function keepCheck() {
  return keepPlain(CHECK);
}

// A certificate's page without a network: the page that checks the signature in its address.
async function checked() {
  return (await caches.match(CHECK, { cacheName: FILES })) || offline();
}

// A file whose name holds its hash never changes; others are asked for anew where there is a network.
async function file(request) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept && HASHED.test(new URL(request.url).pathname)) return kept;
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    return kept || Response.error();
  }
}

// The pages that this user should have along; those of somebody else and old ones go. A roster that was kept
// a moment ago is not asked for again.
async function take({ pages, user, anew }) {
  const since = turn;
  const owner = await caches.match(OWNER, { cacheName: PAGES });
  if (owner && (await owner.text()) !== String(user)) await caches.delete(PAGES);
  const cache = await caches.open(PAGES);
  await cache.put(OWNER, new Response(String(user)));
  for (const request of await cache.keys()) {
    const path = new URL(request.url).pathname;
    if (path !== OWNER) await keptPage(path);
  }
  for (const path of pages) {
    const page = path === pages[0] || anew ? null : await keptPage(path);
    if (page && Date.now() - Number(page.headers.get("X-Kept")) < MINUTE) continue;
    const response = await fetch(path, { redirect: "manual" }).catch(() => null);
    if (response) await remember(new URL(path, self.location), response, since);
  }
  await keepOffline().catch(() => null);
}
