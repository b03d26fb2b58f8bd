// Keeps an element current: <div data-live="/ws/…/" hx-get="…" hx-trigger="live">…</div>
//
// The socket says only "changed"; the page then fetches the fragment. Without a socket it asks every 15 s, or
// every data-live-poll seconds. When the server closes the socket because the rights have ended, the element
// hears of it by the event "live:refused".

const POLL = 15;
const SOON = 200;
const AT_MOST_EVERY = 1000;
const SLOWEST_RETRY = 60000;
const NOT_ALLOWED = 4403;

function keepCurrent(element) {
  let socket = null;
  let retry = 1000;
  let waiting = false;
  let fetched = 0;
  let stale = false;
  let allowed = true;
  let opened = false;

  function refresh() {
    if (document.hidden) {
      stale = true;
      return;
    }
    stale = false;
    fetched = Date.now();
    htmx.trigger(element, "live");
  }

  // Several changes at once are one; in a busy hour the page asks once a second.
  function changed() {
    if (waiting) return;
    waiting = true;
    const rest = fetched + AT_MOST_EVERY - Date.now();
    setTimeout(() => {
      waiting = false;
      if (element.isConnected) refresh();
    }, Math.max(SOON, rest));
  }

  // A page that never had a socket, since the role has none, simply stays as it is.
  function refuse() {
    allowed = false;
    if (opened) element.dispatchEvent(new CustomEvent("live:refused", { bubbles: true }));
  }

  // Who is no longer signed in is led to the sign-in page, which is no fragment of ours.
  element.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    const asked = new URL(pathInfo.finalRequestPath || pathInfo.requestPath, location.href).pathname;
    if (event.target !== element || new URL(xhr.responseURL).pathname === asked) return;
    event.detail.shouldSwap = false;
    opened = true;
    refuse();
  });

  function connect() {
    if (!element.isConnected) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}${element.dataset.live}`);
    let reached = false;
    socket.onopen = () => {
      opened = reached = true;
      retry = 1000;
      element.dataset.liveState = "open";
      // What changed between the page's own fetching and this moment nobody else would tell.
      changed();
    };
    socket.onmessage = (event) => {
      if (event.data === "changed") changed();
    };
    socket.onclose = (event) => {
      element.dataset.liveState = "closed";
      if (event.code === NOT_ALLOWED) {
        refuse();
        return;
      }
      retry = reached ? 2000 : Math.min(retry * 2, SLOWEST_RETRY);
      setTimeout(connect, retry * (0.75 + Math.random() / 2));
    };
  }

  // What fails here is tried again by itself: it is no news for the reader.
  for (const failure of ["htmx:sendError", "htmx:responseError"]) {
    element.addEventListener(failure, (event) => {
      if (event.target === element) event.stopPropagation();
    });
  }

  const every = (Number(element.dataset.livePoll) || POLL) * 1000;
  const poll = setInterval(() => {
    if (!element.isConnected || !allowed) {
      clearInterval(poll);
      if (socket) socket.close();
    } else if (!socket || socket.readyState !== WebSocket.OPEN) {
      refresh();
    }
  }, every);

  document.addEventListener("visibilitychange", () => {
    const open = socket && socket.readyState === WebSocket.OPEN;
    if (!document.hidden && element.isConnected && allowed && (stale || !open)) refresh();
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
