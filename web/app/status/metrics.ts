/** The server's metrics, read from Prometheus' text format. */

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const PREFIX = "holistic_";

type Labels = Readonly<Record<string, string>>;

interface Sample {
  labels: Labels;
  value: number;
}

export class Metrics {
  readonly #samples = new Map<string, Sample[]>();

  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [, name, labels = "", value] = LINE.exec(line) ?? [];
      if (name?.startsWith(PREFIX)) {
        const short = name.slice(PREFIX.length);
        const samples = this.#samples.get(short) ?? [];
        samples.push({ labels: readLabels(labels), value: Number(value) });
        this.#samples.set(short, samples);
      }
    }
  }

  /**
   * The sum of all samples of a metric with these labels.
   *
   * @param name - without the prefix that all of them have.
   */
  sum(name: string, labels: Labels = {}): number {
    return (this.#samples.get(name) ?? [])
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  /** The sums by the value of a label. */
  by(name: string, label: string): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { labels, value } of this.#samples.get(name) ?? []) {
      const key = labels[label] ?? "";
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return sums;
  }

  /** A label of a metric that has one sample. */
  label(name: string, label: string): string {
    return this.#samples.get(name)?.[0]?.labels[label] ?? "";
  }
}

function readLabels(text: string): Labels {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(LABEL)) {
    labels[name!] = value!.replaceAll(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
  }
  return labels;
}
