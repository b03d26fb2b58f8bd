// The roster: the counts at the foot, finding somebody, one more walk-in, stepping a number.

const roster = document.querySelector("form[data-register]");

if (roster) {
  const HERE = ["present", "late", "left_early"];
  const people = Array.from(roster.querySelectorAll("[data-enrolment]"));

  function tally() {
    const here = people.filter((person) => {
      const chosen = person.querySelector("input[type=radio]:checked");
      return chosen && HERE.includes(chosen.value);
    }).length;
    const shown = roster.querySelector("[data-here]");
    if (!shown) return;
    shown.textContent = here;
    roster.querySelector("[data-away]").textContent = people.length - here;
  }

  roster.addEventListener("change", (event) => {
    if (event.target.type === "radio") tally();
  });
  tally();

  // Enter on a phone's keyboard closes a field; it does not finish the roster.
  roster.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });

  const find = roster.querySelector("[data-find]");
  if (find) {
    find.hidden = false;
    find.addEventListener("input", (event) => {
      const words = event.target.value.trim();
      let found = 0;
      for (const person of people) {
        person.hidden = !person.querySelector("legend").textContent.includes(words);
        if (!person.hidden) found += 1;
      }
      roster.querySelector("[data-nobody]").hidden = found > 0;
    });
  }

  const more = roster.querySelector("[data-walk-in-more]");
  if (more) {
    more.hidden = false;
    more.addEventListener("click", () => {
      const lines = roster.querySelector("[data-walk-in-lines]");
      const line = lines.lastElementChild.cloneNode(true);
      for (const input of line.querySelectorAll("input")) input.value = "";
      lines.append(line);
      line.querySelector("input").focus();
    });
  }

  for (const button of roster.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const input = button.parentElement.querySelector("input");
      input.value = Math.max(0, (parseInt(input.value, 10) || 0) + Number(button.dataset.step));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}
