/** Shows what the server is doing. */

import type { SessionInfo } from "holistic-rtc";
import { element, setText } from "../base/dom.js";
import type { Translator } from "../i18n/index.js";
import { makeFigure } from "../inspector/figure.js";
import { Sparkline } from "../inspector/sparkline.js";
import { countsOf, type ProcessFigures, type ServerFigures } from "./figures.js";
import { texts } from "./i18n.js";
import type { Metrics } from "./metrics.js";

/** How many samples the lines show: 5 minutes. */
const HISTORY = 150;
const UNKNOWN = "–";

/** Of `/readyz`. */
export interface Health {
  status: string;
  redis?: string;
  job_queue?: string;
}

export interface Operation {
  health: Health;
  metrics: Metrics;
  figures: ServerFigures;
  processes: readonly ProcessFigures[];
  /** Null if they may not be listed. */
  sessions: readonly SessionInfo[] | null;
}

type Words = (typeof texts)["en" | "zh"];

interface Card {
  name: keyof Words["figures"];
  unit: string;
  show: (figures: ServerFigures, words: Words) => string;
  line?: (figures: ServerFigures) => number | null;
}

const fixed = (value: number | null, digits: number) => value?.toFixed(digits) ?? UNKNOWN;
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
const megabits = (bits: number) => (bits / 1e6).toFixed(1);

const CARDS: readonly Card[] = [
  {
    name: "places",
    unit: "",
    show: ({ places }, { of }) => of(`${places.taken}`, `${places.all}`),
    line: ({ places }) => places.taken,
  },
  {
    name: "cpus",
    unit: "",
    show: ({ cpus, cpuLimit }, { of }) => of(cpus.toFixed(2), fixed(cpuLimit, Number.isInteger(cpuLimit) ? 0 : 1)),
    line: ({ cpus }) => cpus,
  },
  {
    name: "tracked",
    unit: "fps",
    show: ({ trackedPerSecond }) => fixed(trackedPerSecond, 0),
    line: ({ trackedPerSecond }) => trackedPerSecond,
  },
  { name: "subscribers", unit: "", show: ({ subscribers }) => `${subscribers}` },
  {
    name: "memory",
    unit: "GB",
    show: ({ memory, memoryLimit }, { of }) => of(gigabytes(memory), gigabytes(memoryLimit)),
  },
  { name: "dropped", unit: "%", show: ({ dropped }) => fixed(dropped && dropped * 100, 0) },
  { name: "tracker", unit: "ms", show: ({ trackerMs }) => fixed(trackerMs, 1) },
  { name: "delay", unit: "ms", show: ({ delayMs }) => fixed(delayMs, 1) },
  { name: "traffic", unit: "Mbit/s", show: ({ received, sent }) => `${megabits(received)} / ${megabits(sent)}` },
  { name: "lag", unit: "ms", show: ({ lagMs }) => fixed(lagMs, 1) },
  { name: "pictures", unit: "", show: ({ pictures }, { of }) => of(`${pictures.pending}`, `${pictures.places}`) },
  { name: "jobs", unit: "", show: ({ jobs }, { waiting }) => waiting(jobs.tracking, jobs.waiting) },
  {
    name: "connections",
    unit: "",
    show: ({ connections }, { of }) => of(`${connections.open}`, `${connections.places}`),
  },
];

export class OperationView {
  readonly #translator: Translator;
  readonly #cards: { card: Card; value: HTMLElement; line: Sparkline | null }[];
  readonly #sessionRows: (sessions: readonly SessionInfo[] | null) => void;
  #shown: Operation | null = null;

  /**
   * @param sessionRows - shows the sessions.
   */
  constructor(translator: Translator, sessionRows: (sessions: readonly SessionInfo[] | null) => void) {
    this.#translator = translator;
    this.#sessionRows = sessionRows;
    const container = element("operation-figures", HTMLElement);
    this.#cards = CARDS.map((card) => makeCard(card, container));
    translator.on("change", () => this.#update());
  }

  show(operation: Operation): void {
    this.#shown = operation;
    for (const { card, line } of this.#cards) {
      line?.push(card.line!(operation.figures));
    }
    this.#update();
  }

  #update(): void {
    if (!this.#shown) {
      return;
    }
    const { health, metrics, figures, processes, sessions } = this.#shown;
    const words = texts[this.#translator.language];
    const faults = [
      health.status === "ok" ? "" : words.notReady,
      health.redis === "unreachable" ? words.noRedis : "",
      health.job_queue === "unreachable" ? words.noJobQueue : "",
    ].filter(Boolean);
    const server = words.server(metrics.label("build_info", "version"), metrics.label("build_info", "engine"));
    setText("server", [server, ...faults].join(" · "));
    for (const { card, value } of this.#cards) {
      value.textContent = card.show(figures, words);
    }
    this.#sessionRows(sessions);
    const kinds: Readonly<Record<string, string>> = words.kinds;
    showTable(
      "process",
      [words.process, words.count, words.cpu, words.figures.memory],
      processes.map(({ kind, count, cpus, memory }) => [
        kinds[kind] ?? kind,
        `${count}`,
        cpus.toFixed(2),
        `${Math.round(memory / 1e6)} MB`,
      ]),
    );
    for (const [table, name, label] of [
      ["refusal", "refusals_total", "code"],
      ["end", "ends_total", "reason"],
    ] as const) {
      const counts = countsOf(metrics, name, label);
      showTable(
        table,
        [words.reason, words.times],
        counts.map(([reason, count]) => [this.#explained(reason), `${count}`]),
      );
      element(`no-${table}s`, HTMLElement).hidden = counts.length > 0;
    }
  }

  #explained(code: string): string {
    return [code, this.#translator.messages.meaning(code)].filter(Boolean).join("：");
  }
}

function makeCard(card: Card, container: HTMLElement): { card: Card; value: HTMLElement; line: Sparkline | null } {
  const { box, content, value } = makeFigure(`status.figures.${card.name}`, `server-${card.name}`, card.unit);
  const line = card.line ? new Sparkline(content, HISTORY) : null;
  container.append(box);
  return { card, value, line };
}

/** Show rows of texts, of which the first names the row. No rows hide it. */
function showTable(name: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const container = element(`${name}-table`, HTMLElement);
  container.hidden = rows.length === 0;
  container.replaceChildren(makeTable(head, rows));
}

export function makeTable(head: readonly string[], rows: readonly (readonly (string | Node)[])[]): HTMLTableElement {
  const table = document.createElement("table");
  const heading = table.createTHead().insertRow();
  for (const text of head) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = text;
    heading.append(cell);
  }
  const body = table.createTBody();
  for (const [name, ...cells] of rows) {
    const row = body.insertRow();
    const title = document.createElement("th");
    title.scope = "row";
    title.append(name!);
    row.append(title);
    for (const content of cells) {
      row.insertCell().append(content);
    }
  }
  return table;
}
