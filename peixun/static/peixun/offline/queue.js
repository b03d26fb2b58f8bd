// What was marked on this phone and is not with the server yet, and how it gets there.
//
// It lies in IndexedDB, so it survives the page, the browser and the sign-out. An entry holds numbers and no
// names (but of who walked in), and the user who made it: only for that user it is sent. Each has a key, by
// which the server counts it once however often it is sent.

const peixunQueue = (() => {
  const WAITING = "waiting";
  const AT_ONCE = 400;
  const PATIENCE = 20000;
  let opened = null;

  function open() {
    opened = opened || new Promise((resolve, reject) => {
      const request = indexedDB.open("peixun", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("entries", { keyPath: "number", autoIncrement: true });
        request.result.createObjectStore("facts");
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opened;
  }

  // Runs `work` on a store; done when it lies on the disk.
  async function within(store, mode, work) {
    const db = await open();
    return new Promise((resolve, reject) => {
      const transaction = db.transaction(store, mode, { durability: "strict" });
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request ? request.result : undefined);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  const all = () => within("entries", "readonly", (store) => store.getAll());
  const fact = (name) => within("facts", "readonly", (store) => store.get(name));
  const note = (name, value) => within("facts", "readwrite", (store) => store.put(value, name));

  function changed(detail) {
    document.dispatchEvent(new CustomEvent("peixun:queue", { detail }));
  }

  // All of these entries or none. An earlier count of the same session gives way to the new one.
  async function add(entries) {
    const earlier = (await all()).filter((old) => old.kind === "count" && old.status === WAITING
      && entries.some((one) => one.kind === "count" && one.session === old.session && one.user === old.user));
    await within("entries", "readwrite", (store) => {
      for (const old of earlier) store.delete(old.number);
      for (const entry of entries) store.add({ key: crypto.randomUUID(), status: WAITING, why: "", ...entry });
    });
    changed({});
  }

  async function remove(numbers) {
    await within("entries", "readwrite", (store) => {
      for (const number of numbers) store.delete(number);
    });
    changed({});
  }

  async function device() {
    const known = await fact("device");
    if (known) return known;
    const made = crypto.randomUUID();
    await note("device", made);
    return (await fact("device")) || made;
  }

  async function ask(address, options) {
    const response = await fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    const isAnswer = (response.headers.get("Content-Type") || "").includes("json");
    if (!isAnswer) throw new Error(`no answer: ${response.status}`);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.message || String(response.status));
    return answer;
  }

  // Who is signed in, with a fresh token: that of a kept page is old.
  async function whoIsHere() {
    const state = await ask("/offline/state/", {});
    await note("user", state.user || 0);
    if (state.user) await note(`name ${state.user}`, state.name);
    return state;
  }

  // What was written goes; what was refused, or disagrees, stays to be read.
  async function settle(entries, answers) {
    const byKey = new Map(answers.map((answer) => [answer.key, answer]));
    const written = [];
    await within("entries", "readwrite", (store) => {
      for (const entry of entries) {
        const answer = byKey.get(entry.key);
        if (!answer) continue;
        const isWell = answer.outcome === "written" || answer.outcome === "same";
        if (isWell) written.push(entry);
        if (isWell && (answer.outcome === "written" || !answer.why)) store.delete(entry.number);
        else store.put({ ...entry, status: answer.outcome, why: answer.why, blob: null });
      }
    });
    changed({ written });
  }

  async function sendMarks(entries, state) {
    const batch = {
      device: await device(),
      sent_at: new Date().toISOString(),
      marks: entries.filter((entry) => entry.kind === "mark"),
      counts: entries.filter((entry) => entry.kind === "count"),
    };
    const { answers } = await ask("/offline/marks/", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": state.csrf },
      body: JSON.stringify(batch),
    });
    await settle(entries, answers);
  }

  async function sendPhoto(entry, state) {
    const form = new FormData();
    form.append("session", entry.session);
    form.append("photo", entry.blob, "photo.jpg");
    const answer = await ask("/offline/photos/", {
      method: "POST",
      headers: { "X-CSRFToken": state.csrf },
      body: form,
    });
    await settle([entry], [{ key: entry.key, ...answer }]);
  }

  // Sends what is the signed-in user's. Throws where there is no network; then everything stays.
  async function deliver() {
    const state = await whoIsHere();
    const mine = (await all()).filter((entry) => entry.status === WAITING && entry.user === state.user);
    const marks = mine.filter((entry) => entry.kind !== "photo");
    for (let at = 0; at < marks.length; at += AT_ONCE) await sendMarks(marks.slice(at, at + AT_ONCE), state);
    for (const entry of mine.filter((one) => one.kind === "photo")) await sendPhoto(entry, state);
    return { ...state, sent: mine.length };
  }

  // One page at a time: two would do no harm, but would tell everything twice.
  function send() {
    return navigator.locks ? navigator.locks.request("peixun-send", deliver) : deliver();
  }

  const works = window.isSecureContext && "indexedDB" in window && "serviceWorker" in navigator;
  return { WAITING, works, all, add, remove, fact, note, send };
})();
