import type { HolisticFrame } from "holistic-rtc";

/**
 * A frame as JSON to be read: one line for each point, and no more than `limit` points of a part.
 *
 * @param more - words for how many were left out.
 */
export function formatFrame(frame: HolisticFrame, limit: number, more: (count: number) => string): string {
  const fields = Object.entries(frame).map(([name, value]) => `  "${name}": ${formatValue(value, limit, more)}`);
  return `{\n${fields.join(",\n")}\n}`;
}

function formatValue(value: unknown, limit: number, more: (count: number) => string): string {
  if (!Array.isArray(value) || value.length === 0) {
    return JSON.stringify(value);
  }
  const [person] = value as [object[] | { categories: object[] } | { rows: number }];
  if ("rows" in person) {
    return `[\n    ${formatItem(person)}\n  ]`;
  }
  const items = Array.isArray(person) ? person : person.categories;
  const lines = items.slice(0, limit).map((item) => `      ${formatItem(item)}`);
  const rest = items.length - lines.length;
  const list = lines.join(",\n") + (rest > 0 ? `,\n      ${more(rest)}` : "");
  return Array.isArray(person)
    ? `[\n    [\n${list}\n    ]\n  ]`
    : `[\n    { "headIndex": 0, "headName": "", "categories": [\n${list}\n    ] }\n  ]`;
}

function formatItem(item: object): string {
  const fields = Object.entries(item).map(([name, value]: [string, unknown]) => {
    return `"${name}": ${Array.isArray(value) ? `[${value.map(formatScalar).join(", ")}]` : formatScalar(value)}`;
  });
  return `{ ${fields.join(", ")} }`;
}

function formatScalar(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(4) : JSON.stringify(value);
}
