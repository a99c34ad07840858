interface Row {
  fill: HTMLElement;
  text: HTMLElement;
}

/** Bars from a middle to either side, in groups. */
export class Bars {
  readonly #groups = new Map<string, HTMLElement>();
  readonly #rows = new Map<string, Row>();

  constructor(readonly element: HTMLElement) {}

  /**
   * @param values - those of the group; when there are none, the last ones stay and are dimmed.
   * @param format - gives what stands beside a bar.
   * @param full - the value at which a bar is full.
   */
  show(group: string, values: Record<string, number>, format: (value: number) => string, full: number): void {
    const section = this.#groups.get(group) ?? this.#addGroup(group);
    const entries = Object.entries(values);
    section.classList.toggle("absent", entries.length === 0);
    for (const [name, value] of entries) {
      const row = this.#rows.get(`${group}/${name}`) ?? this.#addRow(section, group, name);
      const share = Math.max(-1, Math.min(1, value / full)) * 50;
      row.fill.style.left = `${50 + Math.min(0, share)}%`;
      row.fill.style.width = `${Math.abs(share)}%`;
      row.text.textContent = format(value);
    }
  }

  #addGroup(group: string): HTMLElement {
    const section = element("section", "", element("h2", "", group));
    this.element.append(section);
    this.#groups.set(group, section);
    return section;
  }

  #addRow(section: HTMLElement, group: string, name: string): Row {
    const row = { fill: element("div", ""), text: element("output", "") };
    section.append(element("div", "row", element("span", "", name), element("div", "bar", row.fill), row.text));
    this.#rows.set(`${group}/${name}`, row);
    return row;
  }
}

function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}
