/** A figure in a list (`<dl class="figures">`): what it is called, its value and its unit. */

export interface FigureBox {
  box: HTMLElement;
  /** Has the value, and room for more. */
  content: HTMLElement;
  value: HTMLElement;
}

/**
 * @param text - names the text of its label.
 */
export function makeFigure(text: string, testid: string, unit: string): FigureBox {
  const box = document.createElement("div");
  box.className = "figure";
  const label = document.createElement("dt");
  label.dataset.i18n = text;
  const content = document.createElement("dd");
  const value = document.createElement("span");
  value.className = "figure-value";
  value.dataset.testid = testid;
  const shownUnit = document.createElement("span");
  shownUnit.className = "figure-unit";
  shownUnit.textContent = unit;
  content.append(value, " ", shownUnit);
  box.append(label, content);
  return { box, content, value };
}
