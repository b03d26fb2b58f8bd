// The trainer's pages without a network: since when a page is kept, what waits to be sent, what came back.

(() => {
  const EVERY = 30000;
  const panel = document.querySelector("[data-queue]");
  const bar = document.querySelector("[data-kept-bar]");
  const words = panel.dataset;
  // Who is signed in as far as this phone knows: 0 for nobody.
  let here = Number(words.user);
  let reachable = null;

  function filled(sentence, values) {
    return sentence.replace(/\{(\w+)\}/g, (_match, name) => values[name]);
  }

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function grouped(entries, by) {
    const groups = new Map();
    for (const entry of entries) groups.set(by(entry), [...(groups.get(by(entry)) || []), entry]);
    return Array.from(groups.values());
  }

  function showBar() {
    const since = document.documentElement.dataset.kept;
    if (since) {
      const time = new Date(since).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
      bar.textContent = filled(words.kept, { time });
    } else {
      bar.textContent = words.noSignal;
    }
    bar.hidden = !since && (reachable !== false || words.place === "offline");
  }

  function sentenceFor(entries, name) {
    const values = { n: entries.length, name };
    if (here && entries[0].user === here) return filled(words.waiting, values);
    return filled(name ? words.ofAnother : words.ofSomebody, values);
  }

  async function waitingLines(entries) {
    const lines = [];
    for (const group of grouped(entries, (entry) => entry.user)) {
      const name = await peixunQueue.fact(`name ${group[0].user}`);
      lines.push(element("p", sentenceFor(group, name), group[0].user === here ? "queue-own" : ""));
    }
    return lines;
  }

  function answerLine(group) {
    const [{ status, why, session, title }] = group;
    const line = element("li", "", "queue-answer");
    const text = filled(words[status] || words.same, { n: group.length, title });
    line.append(element("span", `${text}${why}`));
    const actions = element("span", "", "actions");
    const link = element("a", status === "conflict" ? words.settle : words.open, "button button-small");
    const settles = status === "conflict" && group[0].kind === "mark";
    link.href = settles ? words.marks : words.register.replace("/0/", `/${session}/`);
    const noted = element("button", words.noted, "button button-small");
    noted.type = "button";
    noted.addEventListener("click", () => peixunQueue.remove(group.map((entry) => entry.number)));
    actions.append(link, noted);
    line.append(actions);
    return line;
  }

  async function show() {
    const entries = await peixunQueue.all();
    const waiting = entries.filter((entry) => entry.status === peixunQueue.WAITING);
    const answered = entries.filter((entry) => entry.status !== peixunQueue.WAITING && entry.user === here);
    const mine = waiting.filter((entry) => entry.user === here);
    panel.querySelector("[data-queue-waiting]").replaceChildren(...(await waitingLines(waiting)));
    panel.querySelector("[data-queue-send]").hidden = mine.length === 0;
    panel.querySelector("[data-queue-sign-in]").hidden = !waiting.length || here !== 0 || words.place === "entrance";
    const groups = grouped(answered, (entry) => [entry.session, entry.status, entry.why].join("\n"));
    panel.querySelector("[data-queue-answers]").replaceChildren(...groups.map(answerLine));
    panel.hidden = waiting.length + answered.length === 0;
    showBar();
    return waiting.length;
  }

  function tell(text) {
    panel.querySelector("[data-queue-note]").textContent = text;
  }

  // The worker keeps the pages of who is signed in; nobody's where nobody is.
  async function take(state, anew) {
    const { serviceWorker } = navigator;
    const { active } = (state.user ? await serviceWorker.ready : await serviceWorker.getRegistration()) || {};
    if (active) active.postMessage(state.user ? { pages: state.pages, user: state.user, anew } : { forget: true });
  }

  // Also asked where nothing waits: it tells who is signed in and which pages to keep.
  async function sync() {
    try {
      const state = await peixunQueue.send();
      reachable = true;
      here = state.user || 0;
      tell("");
      await take(state, state.sent > 0);
    } catch (error) {
      reachable = navigator.onLine && !(error instanceof TypeError);
      tell(reachable ? words.trouble : words.noNetwork);
    }
    await show();
  }

  // The page that stands in for another was fetched for nobody: it gets the size of type of this phone.
  async function keepType() {
    const { dataset } = document.documentElement;
    if (words.user) await peixunQueue.note("type", dataset.type || "");
    else if (words.place === "offline" && (await peixunQueue.fact("type"))) dataset.type = "large";
  }

  // On the sign-in page it speaks only where something waits.
  async function start() {
    await keepType();
    here = here || (await peixunQueue.fact("user")) || 0;
    const waiting = await show();
    if (words.user) await navigator.serviceWorker.register("/sw.js");
    else if (!waiting) return;
    document.addEventListener("peixun:queue", show);
    document.addEventListener("peixun:send", sync);
    window.addEventListener("online", sync);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) sync();
    });
    setInterval(() => {
      if (!document.hidden) sync();
    }, EVERY);
    panel.querySelector("[data-queue-send]").addEventListener("click", sync);
    await sync();
  }

  if (peixunQueue.works) start().catch(() => null);
})();
