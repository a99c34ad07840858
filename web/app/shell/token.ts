/**
 * The server's token, from the fragment of the page's address, which stays in the browser: `#token=...`.
 *
 * @param hash - of the address, with its `#`.
 */
export function readToken(hash: string): string | null {
  // A plus is a character of Base64 here, and no space.
  return new URLSearchParams(hash.slice(1).replaceAll("+", "%2B")).get("token");
}

/** The hash that hands the token on to another page, as it stands in this one's; empty without a token. */
export function tokenHash(hash: string): string {
  const word = hash
    .slice(1)
    .split("&")
    .find((part) => part.startsWith("token="));
  return word === undefined ? "" : `#${word}`;
}
