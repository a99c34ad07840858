/**
 * The element of the page with this id.
 *
 * @throws Error when there is none, or it is another kind.
 */
export function element<T extends Element>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${kind.name} with the id ${id}`);
  }
  return found;
}

/** Hide an element that has nothing to say. One that has the text already stays, since a live region would repeat it. */
export function setText(id: string, text: string): void {
  const found = element(id, HTMLElement);
  if (found.textContent !== text) {
    found.textContent = text;
  }
  found.hidden = text === "";
}

/** Show a video once it plays, rather than black before, in a tile of its shape. */
export function fadeIn(video: HTMLVideoElement): void {
  video.addEventListener("resize", () => {
    if (video.videoWidth > 0) {
      video.parentElement!.style.setProperty("--shape", `${video.videoWidth} / ${video.videoHeight}`);
    }
  });
  video.addEventListener("playing", () => video.parentElement!.classList.add("playing"));
  video.addEventListener("emptied", () => video.parentElement!.classList.remove("playing"));
}
