// The screen with the code: counts the seconds down between two fetches, and fills the screen.

const button = document.querySelector("[data-full-screen]");

setInterval(() => {
  const shown = document.querySelector("[data-seconds]");
  if (!shown) return;
  const left = Math.max(1, Number(shown.dataset.seconds) - 1);
  shown.dataset.seconds = shown.textContent = String(left);
}, 1000);

if (document.documentElement.requestFullscreen) {
  button.hidden = false;
  button.addEventListener("click", () => document.documentElement.requestFullscreen());
  document.addEventListener("fullscreenchange", () => {
    button.hidden = Boolean(document.fullscreenElement);
  });
}

// A projector's computer must not fall asleep.
async function stayAwake() {
  if (!navigator.wakeLock || document.hidden) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // Refused on a low battery: nothing to do about it.
  }
}

document.addEventListener("visibilitychange", stayAwake);
stayAwake();
