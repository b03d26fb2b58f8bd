// What every page shares: htmx's CSRF token and failures, confirmation, filters, focus, printing.

document.documentElement.classList.add("js");

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  if (token && event.detail.verb !== "get") {
    event.detail.headers["X-CSRFToken"] = token.value;
  }
});

function announceFailure(kind) {
  const messages = document.getElementById("messages");
  if (!messages) return;
  const notice = document.createElement("div");
  notice.className = "notice notice-fault";
  notice.textContent = `✕ ${messages.dataset[kind]}`;
  messages.replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:responseError", () => announceFailure("failed"));
document.addEventListener("htmx:sendError", () => announceFailure("offline"));

// Confirmation: <button data-confirm="将删除 3 个班次。" data-confirm-button="删除" data-confirm-tone="fault">
let confirmed = null;

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const asks = button && button.dataset.confirm ? button : event.target;
  const dialog = document.getElementById("confirm");
  if (!asks.dataset.confirm || confirmed === event.target || !dialog || !dialog.showModal) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const go = dialog.querySelector("[value=go]");
  dialog.querySelector("p").textContent = asks.dataset.confirm;
  go.className = `button button-${asks.dataset.confirmTone || "main"}`;
  go.textContent = asks.dataset.confirmButton || go.dataset.label;
  dialog.returnValue = "cancel";
  dialog.onclose = () => {
    if (dialog.returnValue !== "go") return;
    confirmed = event.target;
    event.target.requestSubmit(button);
    confirmed = null;
  };
  dialog.showModal();
}, true);

// A second click while the first is under way sends nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 3000);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-submit-on-change]");
  if (form) form.requestSubmit();
});

// An unset filter leaves no trace in the address.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of Array.from(event.formData)) {
    if (value === "") event.formData.delete(name);
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A link into what is folded away unfolds it.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const target = link && document.getElementById(link.hash.slice(1));
  const folded = target && target.closest("details");
  if (folded) folded.open = true;
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

function settle(root) {
  const summary = root.querySelector("[data-focus]");
  if (summary) summary.focus();
}

document.addEventListener("htmx:afterSwap", (event) => settle(event.target));
settle(document);

const here = document.querySelector(".nav [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - 24;
