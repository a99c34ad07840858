/** Keys that work anywhere on the page, unless they mean something where the focus is. */
export function listenForShortcuts(shortcuts: Readonly<Record<string, () => void>>): void {
  addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    const typing = target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
    const pressing = event.key === " " && target.closest("button, input, summary, a");
    const shortcut = shortcuts[event.key.toLowerCase()];
    if (!shortcut || typing || pressing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    event.preventDefault();
    shortcut();
  });
}
