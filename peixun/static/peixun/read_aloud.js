// Reads the page's main words aloud, block by block; a second tap stops it.

const button = document.querySelector("[data-speak]");
const region = document.querySelector("[data-read-aloud]");
const BLOCKS = "h1, h2, p, li, dt, dd, .figure";
const SLOWER = 0.9;

function isShown(block) {
  return block.getClientRects().length > 0 && !block.closest("form, details:not([open]), .print-only");
}

// The innermost blocks only, so that nothing is read twice.
function sentences() {
  const blocks = [document.querySelector("h1"), ...region.querySelectorAll(BLOCKS)];
  return blocks
    .filter((block) => block && isShown(block) && !block.querySelector(BLOCKS))
    .map((block) => block.innerText.replace(/\s+/g, " ").trim())
    .filter(Boolean);
}

function stop() {
  speechSynthesis.cancel();
  button.textContent = button.dataset.speakStart;
  button.setAttribute("aria-pressed", "false");
}

function speak() {
  const lines = sentences();
  lines.forEach((line, index) => {
    const words = new SpeechSynthesisUtterance(line);
    words.lang = document.documentElement.lang.startsWith("zh") ? "zh-CN" : document.documentElement.lang;
    words.rate = SLOWER;
    if (index === lines.length - 1) words.addEventListener("end", stop);
    speechSynthesis.speak(words);
  });
  button.textContent = button.dataset.speakStop;
  button.setAttribute("aria-pressed", "true");
}

if (button && region && "speechSynthesis" in window && "SpeechSynthesisUtterance" in window) {
  button.dataset.speakStart = button.textContent;
  button.setAttribute("aria-pressed", "false");
  button.hidden = false;
  button.addEventListener("click", () => (speechSynthesis.speaking ? stop() : speak()));
  window.addEventListener("pagehide", () => speechSynthesis.cancel());
}
