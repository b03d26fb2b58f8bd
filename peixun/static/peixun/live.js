// Keeps an element current: <div data-live="/live/…/" hx-get="…" hx-trigger="live">…</div>
//
// The socket says only "changed"; the page then fetches the fragment. Without a socket it asks every 15 s.

const POLL = 15000;
const SLOWEST_RETRY = 60000;
const NOT_ALLOWED = 4403;

function refresh(element) {
  if (!document.hidden) htmx.trigger(element, "live");
}

function keepCurrent(element) {
  let socket = null;
  let retry = 1000;
  let waiting = false;
  let allowed = true;

  function changed() {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      refresh(element);
    }, 300);
  }

  function connect() {
    if (!element.isConnected) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}${element.dataset.live}`);
    let opened = false;
    socket.onopen = () => {
      if (retry > 1000) changed();
      opened = true;
      retry = 1000;
      element.dataset.liveState = "open";
    };
    socket.onmessage = (event) => {
      if (event.data === "changed") changed();
    };
    socket.onclose = (event) => {
      element.dataset.liveState = "closed";
      allowed = event.code !== NOT_ALLOWED;
      if (!allowed) return;
      retry = opened ? 2000 : Math.min(retry * 2, SLOWEST_RETRY);
      setTimeout(connect, retry * (0.75 + Math.random() / 2));
    };
  }

  const poll = setInterval(() => {
    if (!element.isConnected || !allowed) {
      clearInterval(poll);
      if (socket) socket.close();
    } else if (!socket || socket.readyState !== WebSocket.OPEN) {
      refresh(element);
    }
  }, POLL);

  document.addEventListener("visibilitychange", () => {
    if (element.isConnected && allowed) refresh(element);
  });

  connect();
}

function findLive(root) {
  const inside = Array.from(root.querySelectorAll("[data-live]"));
  for (const element of root.matches && root.matches("[data-live]") ? [root, ...inside] : inside) {
    if (element.dataset.liveState) continue;
    element.dataset.liveState = "new";
    keepCurrent(element);
  }
}

document.addEventListener("htmx:load", (event) => findLive(event.target));
findLive(document);
