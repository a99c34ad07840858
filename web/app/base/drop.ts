/** Files that are dropped on the page. */

/**
 * Take files wherever they are dropped, while a panel is shown, so that a miss doesn't make the browser leave the page.
 *
 * @param panel - has the class `dragging` while something is dragged over the page.
 * @param take - called with the files; none if something else was dropped.
 */
export function takeDrops(panel: HTMLElement, take: (files: File[]) => void): void {
  const mark = (dragging: boolean) => panel.classList.toggle("dragging", dragging);
  addEventListener("dragover", (event) => {
    if (!panel.hidden) {
      event.preventDefault();
      mark(true);
    }
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
  addEventListener("drop", (event) => {
    mark(false);
    if (!panel.hidden) {
      event.preventDefault();
      take([...(event.dataTransfer?.files ?? [])]);
    }
  });
}
