// Shows of a long list of people those whose name or employer holds what is typed.

const search = document.querySelector("[data-filter-people]");

if (search) {
  search.closest("label").hidden = false;
  search.addEventListener("input", () => {
    const words = search.value.trim().toLowerCase();
    for (const choice of document.querySelectorAll(".people-choice .choice")) {
      const chosen = choice.querySelector("input").checked;
      choice.hidden = !chosen && !choice.textContent.toLowerCase().includes(words);
    }
  });
}
