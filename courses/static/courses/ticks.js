// Ticks everybody on the page, or nobody where all are ticked.
for (const form of document.querySelectorAll("[data-ticks]")) {
  const button = form.querySelector("[data-ticks-all]");
  const boxes = [...form.querySelectorAll('input[type="checkbox"]')];
  if (button && boxes.length > 1) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const all = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !all;
    });
  }
}
