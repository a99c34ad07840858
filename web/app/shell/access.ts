/** What a page may do on the server, from its address. */

import { getTicket } from "holistic-rtc";

const STORED = "holistic-rtc.token";
const RENEW_MS = 3_600_000;

/**
 * The value of a word in the fragment of a page's address, which stays in the browser: `#token=...`.
 *
 * @param hash - of the address, with its `#`.
 */
export function readFragment(hash: string, name: "token" | "ticket" | "key"): string | null {
  // A plus is a character of Base64 here, and no space.
  return new URLSearchParams(hash.slice(1).replaceAll("+", "%2B")).get(name);
}

/** The hash without the token; what else is in it stays. */
export function withoutToken(hash: string): string {
  const words = hash
    .slice(1)
    .split("&")
    .filter((word) => word !== "" && word !== "token" && !word.startsWith("token="));
  return words.length > 0 ? `#${words.join("&")}` : "";
}

/**
 * A token is taken out of the address, and kept as long as the tab is open. Links to other pages have a ticket in its
 * place, so that it is in no history.
 */
export class Access {
  /** A token or a ticket; null for none. */
  readonly token: string | null;
  /** The viewing key of the session that the page shows. */
  readonly key = readFragment(location.hash, "key");
  /** Whether it came by a link that lasts for a while only. */
  readonly isTicket: boolean;
  #ticket: string | null;

  constructor() {
    const given = readFragment(location.hash, "token");
    if (given !== null) {
      store(given);
      history.replaceState(history.state, "", location.pathname + location.search + withoutToken(location.hash));
    }
    const token = given ?? stored();
    this.#ticket = token ? null : readFragment(location.hash, "ticket");
    this.isTicket = this.#ticket !== null;
    this.token = token ?? this.#ticket;
  }

  /** The page's server, for the client library. */
  get server(): { url: string; token: string | null } {
    return { url: document.baseURI, token: this.token };
  }

  /** Load the page anew with another token. It comes into the address only where there is no other place for it. */
  static use(token: string): void {
    store(token);
    const words = withoutToken(location.hash)
      .slice(1)
      .split("&")
      .filter((word) => word !== "" && !word.startsWith("ticket="));
    const hash = [...words, ...(stored() === token ? [] : [`token=${encodeURIComponent(token)}`])].join("&");
    history.replaceState(history.state, "", location.pathname + location.search + (hash && `#${hash}`));
    location.reload();
  }

  /** For the address of another page of the server: lets it do what this one may. */
  get hash(): string {
    return this.#ticket ? `#ticket=${this.#ticket}` : "";
  }

  /** Whether the page's address has been changed to one that lets it do something else. */
  isOutdated(): boolean {
    const { hash } = location;
    const [token, ticket, key] = (["token", "ticket", "key"] as const).map((name) => readFragment(hash, name));
    return (token ?? this.token) !== this.token || (ticket ?? this.#ticket) !== this.#ticket || key !== this.key;
  }

  /**
   * Keep a ticket for links.
   *
   * @param onChange - called when there is another one.
   */
  async keepTicket(onChange: () => void): Promise<void> {
    if (!this.token || this.isTicket) {
      return;
    }
    setTimeout(() => void this.keepTicket(onChange), RENEW_MS);
    try {
      this.#ticket = (await getTicket(this.server)).ticket;
      onChange();
    } catch {
      // What the page itself asks for is refused, too, and it says why.
    }
  }

  /** The hash of a link to the page with the avatar, with no more than that needs. */
  async avatarHash(session: string | null): Promise<string> {
    if (this.key) {
      return `#key=${this.key}`;
    }
    if (!this.token || this.isTicket) {
      return this.hash;
    }
    const { ticket } = await getTicket({
      ...this.server,
      rights: session === null ? ["watch", "list"] : ["watch"],
      ...(session !== null && { session }),
    });
    return `#ticket=${ticket}`;
  }
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null; // Storage is blocked: each page needs the token in its address.
  }
}

function store(token: string): void {
  try {
    sessionStorage.setItem(STORED, token);
  } catch {
    // As above.
  }
}
