/** A number of bytes, for people. */
export function toSize(bytes: number): string {
  if (bytes < 950_000) {
    return `${Math.max(1, Math.round(bytes / 1000))} KB`;
  }
  return bytes < 950_000_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
