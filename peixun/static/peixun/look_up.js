// A record that was looked up leaves the screen when it is over, also where nobody sits any more.
"use strict";

const closing = document.querySelector("[data-closes]");

setTimeout(() => location.reload(), Number(closing.dataset.closes) * 1000 + 500);
