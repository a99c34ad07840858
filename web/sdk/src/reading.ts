/** Readers of JSON whose fields may be missing or hold something else, as those of an older or newer server may. */

export type Fields = Readonly<Record<string, unknown>>;

export const record = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const number = (value: unknown): number => (typeof value === "number" ? value : 0);
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
