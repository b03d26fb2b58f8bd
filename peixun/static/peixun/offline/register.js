// The roster without a network: what is sent becomes marks in the queue, and the page says so.
//
// Where the phone cannot keep a queue the form is sent as any form.

(() => {
  const IN_PART = ["late", "left_early"];
  const WITH_REASON = ["leave", "absent"];
  const PRESENT = { enrolment: null, state: "present", minutes: null, reason: "", seen: "" };
  const LONGEST_SIDE = 1600;
  const form = document.querySelector("form[data-register]");
  const done = document.querySelector("[data-queue-done]");
  if (!form || !done || !peixunQueue.works) return;
  const session = Number(form.dataset.session);
  const user = Number(form.dataset.user);
  const title = document.querySelector("h1").textContent.trim();
  const known = new Map();
  const counted = [valueOf("headcount")];

  function valueOf(name) {
    const field = form.elements[name];
    return field ? field.value.trim() : "";
  }

  // How one person stands on the page.
  function read(row) {
    const pk = row.dataset.enrolment;
    const chosen = row.querySelector("input[type=radio]:checked");
    const state = chosen ? chosen.value : "";
    return {
      state,
      minutes: IN_PART.includes(state) && valueOf(`minutes-${pk}`) ? Number(valueOf(`minutes-${pk}`)) : null,
      reason: WITH_REASON.includes(state) ? valueOf(`reason-${pk}`) : "",
    };
  }

  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const rows = () => Array.from(form.querySelectorAll("[data-enrolment]"));

  function remember() {
    for (const row of rows()) {
      if (row.dataset.seen) known.set(row.dataset.enrolment, read(row));
    }
  }

  // What this phone said and did not send yet is shown as chosen.
  function choose(entry) {
    const row = form.querySelector(`[data-enrolment="${entry.enrolment}"]`);
    const input = row && row.querySelector(`input[type=radio][value="${entry.state}"]`);
    if (!input) return;
    input.checked = true;
    if (entry.minutes !== null) form.elements[`minutes-${entry.enrolment}`].value = entry.minutes;
    if (entry.reason) form.elements[`reason-${entry.enrolment}`].value = entry.reason;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    known.set(String(entry.enrolment), read(row));
  }

  // A kept page is that of nobody's choice: 先都记到, 先都记缺席 are carried out here.
  function preset() {
    const rest = new URLSearchParams(location.search).get("rest");
    if (!document.documentElement.dataset.kept || !["present", "absent"].includes(rest)) return;
    for (const input of form.querySelectorAll(`[data-seen=""] input[value="${rest}"]`)) {
      input.checked = true;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  async function overlay() {
    const own = (await peixunQueue.all()).filter((entry) => entry.session === session && entry.user === user);
    for (const entry of own) {
      if (entry.kind === "mark" && entry.enrolment) choose(entry);
      if (entry.kind === "count") showCount(entry);
    }
    showWalkIns(own.filter((entry) => entry.name && entry.status === peixunQueue.WAITING));
  }

  function showCount(entry) {
    for (const name of ["headcount", "women", "elders"]) form.elements[name].value = entry[name] ?? "";
    counted.push(String(entry.headcount));
  }

  function showWalkIns(entries) {
    const list = done.dataset.walkIns.replace("{names}", entries.map((entry) => entry.name).join("、"));
    let line = form.querySelector("[data-queue-walk-ins]");
    if (!line && entries.length) {
      line = document.createElement("p");
      line.dataset.queueWalkIns = "";
      form.querySelector("[data-walk-ins]").after(line);
    }
    if (line) line.textContent = entries.length ? list : "";
  }

  function walkIns() {
    const employers = Array.from(form.querySelectorAll("[name=walk-in-employer]"), (input) => input.value.trim());
    const names = Array.from(form.querySelectorAll("[name=walk-in-name]"), (input) => input.value.trim());
    return names.map((name, at) => ({ name, employer: employers[at] || "" })).filter((one) => one.name);
  }

  function tapOn(row) {
    return { ...read(row), enrolment: Number(row.dataset.enrolment), seen: row.dataset.seen };
  }

  function marks(common) {
    const shown = rows().filter((row) => read(row).state);
    const moved = shown.filter((row) => !same(read(row), known.get(row.dataset.enrolment)));
    const came = walkIns().map((one) => ({ ...PRESENT, ...one }));
    // Where nothing moved, one mark says that the roster is complete.
    const said = moved.length || came.length ? moved : shown.slice(0, 1);
    const taps = [...said.map(tapOn), ...came];
    return taps.map((tap, at) => ({ ...common, ...tap, kind: "mark", done: at === taps.length - 1 }));
  }

  function counts(common) {
    const names = ["headcount", "women", "elders"];
    const moved = names.some((name) => form.elements[name] && valueOf(name) !== form.elements[name].defaultValue);
    if (!moved || !valueOf("headcount")) return [];
    const [headcount, women, elders] = names.map((name) => (valueOf(name) ? Number(valueOf(name)) : null));
    const said = counted.filter(Boolean).slice(-20).join(",");
    counted.push(valueOf("headcount"));
    return [{ ...common, kind: "count", known: said, headcount, women, elders }];
  }

  // A photo small enough for a village's network; as it is where the browser cannot read it.
  async function shrunk(file) {
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise((resolve) => canvas.toBlob((blob) => resolve(blob || file), "image/jpeg", 0.85));
    } catch (error) {
      return file;
    }
  }

  async function photos(common) {
    const files = form.elements.photo ? Array.from(form.elements.photo.files) : [];
    return Promise.all(files.map(async (file) => ({ ...common, kind: "photo", blob: await shrunk(file) })));
  }

  // What is wrong and can be seen; what is folded away for this state does not count.
  function faulty() {
    return Array.from(form.elements).find((field) => field.getClientRects().length && !field.checkValidity());
  }

  function showDone(text, left) {
    form.hidden = true;
    done.hidden = false;
    done.classList.toggle("queue-left", left);
    const heading = done.querySelector("h2");
    heading.textContent = text;
    heading.focus();
  }

  async function report() {
    const own = (await peixunQueue.all()).filter((entry) => entry.session === session && entry.user === user);
    const waiting = own.filter((entry) => entry.status === peixunQueue.WAITING).length;
    const open = own.length - waiting;
    const words = done.dataset;
    if (waiting) showDone(words.saved.replace("{n}", waiting), true);
    else if (open) showDone(words.open.replace("{n}", open), true);
    else showDone(words.sent, false);
  }

  async function keep() {
    const common = { session, user, title, correction: valueOf("reason"), marked_at: new Date().toISOString() };
    await peixunQueue.add([...marks(common), ...counts(common), ...(await photos(common))]);
    const sent = form.querySelectorAll("[name=walk-in-name], [name=walk-in-employer], [name=photo]");
    for (const input of sent) input.value = "";
    for (const row of rows()) known.set(row.dataset.enrolment, read(row));
    await report();
    document.dispatchEvent(new Event("peixun:send"));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fault = faulty();
    if (fault) fault.reportValidity();
    else keep().catch(() => form.submit());
  });

  document.addEventListener("peixun:queue", (event) => {
    for (const entry of event.detail.written || []) {
      const row = entry.enrolment && form.querySelector(`[data-enrolment="${entry.enrolment}"]`);
      if (row) row.dataset.seen = entry.state;
    }
    if (!done.hidden) report();
  });

  done.querySelector("[data-queue-again]").addEventListener("click", () => {
    done.hidden = true;
    form.hidden = false;
    overlay();
  });

  remember();
  preset();
  overlay();
})();
