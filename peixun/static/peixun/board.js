// The board of a session: shows it on the whole screen, and says when it is no longer kept current.

const board = document.getElementById("board");
const fullScreen = document.querySelector("[data-full-screen]");

if (document.fullscreenEnabled) {
  fullScreen.hidden = false;
  fullScreen.addEventListener("click", () => board.requestFullscreen());
}

board.addEventListener("live:refused", () => {
  board.querySelector(".board-now").hidden = true;
  board.querySelector(".board-off").hidden = false;
});
