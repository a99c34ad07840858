/** Where other devices find the page. */

/** Set by the server for its own machine only: its origin in the local network, such as `http://192.168.1.5:8080`. */
const META = 'meta[name="local-network"]';

/**
 * The base of links for other devices.
 *
 * @param base - the page's own.
 * @returns null when only this device can open it.
 */
export function baseForOthers(base: string, localNetwork: string | null): string | null {
  const url = new URL(base);
  if (!/^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    return base;
  }
  return localNetwork && new URL(url.pathname, localNetwork).href;
}

export function readLocalNetwork(): string | null {
  return document.querySelector<HTMLMetaElement>(META)?.content ?? null;
}
