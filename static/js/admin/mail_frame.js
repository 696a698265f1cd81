// An e-mail in the admin is as tall as it is, so that it does not scroll in its frame, where no script runs.

const frame = document.querySelector("[data-as-tall-as-it-is]");

function fit() {
  const { body } = frame.contentDocument ?? {};
  if (body) frame.style.blockSize = `${Math.ceil(body.getBoundingClientRect().height) + 2}px`;
}

const list = document.querySelector(".mail-list")?.parentElement;
if (list) list.scrollTop = list.querySelector("[aria-current]").offsetTop - list.clientHeight / 2;

if (frame) {
  frame.addEventListener("load", fit);
  new ResizeObserver(fit).observe(frame);
  fit();
}
