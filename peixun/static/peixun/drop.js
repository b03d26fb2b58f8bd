// A zone onto which a file can be dropped: `{% field %}` of a file field.

function megabytes(bytes) {
  return bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function showChosen(zone, input) {
  const files = Array.from(input.files);
  const limit = Number(input.dataset.maxMib || 0) * 1048576;
  const tooLarge = limit > 0 && files.some((file) => file.size > limit);
  const names = files.map((file) => `${file.name}（${megabytes(file.size)}）`).join("、");
  zone.classList.toggle("drop-full", files.length > 0);
  zone.classList.toggle("drop-too-large", tooLarge);
  zone.querySelector(".drop-invite").hidden = files.length > 0;
  zone.querySelector(".drop-chosen").textContent = tooLarge ? `✕ ${zone.dataset.tooLarge}：${names}` : names;
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest("[data-drop]");
  if (zone) showChosen(zone, event.target);
});

for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest && event.target.closest("[data-drop]");
    if (!zone) return;
    zone.classList.toggle("drop-over", name === "dragover");
    if (name === "dragover") event.preventDefault();
    if (name !== "drop") return;
    event.preventDefault();
    const input = zone.querySelector("input[type=file]");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    showChosen(zone, input);
  });
}
