// Reading photos takes a moment: says so while it lasts.

const form = document.querySelector("[data-reading]");

form.addEventListener("submit", () => {
  form.querySelector("[data-reading-words]").hidden = false;
  form.querySelector("button").setAttribute("aria-disabled", "true");
});
