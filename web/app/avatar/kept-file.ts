/**
 * The file of the avatar that was chosen last. It stays in this browser, where the next visit finds it, and OBS, whose docks
 * and sources share it: what is chosen in a dock is shown in the overlay.
 */

const CACHE = "holistic-rtc.avatar";
const ADDRESS = "/avatar/kept.vrm";
const NAME = "x-file-name";

export async function keepFile(file: File): Promise<void> {
  await (await open())?.put(ADDRESS, new Response(file, { headers: { [NAME]: encodeURIComponent(file.name) } }));
}

export async function forgetFile(): Promise<void> {
  await (await open())?.delete(ADDRESS);
}

/** @returns null when there is none. */
export async function keptFile(): Promise<File | null> {
  const response = await (await open())?.match(ADDRESS);
  return response ? new File([await response.blob()], decodeURIComponent(response.headers.get(NAME)!)) : null;
}

/** Browsers have no cache for pages that came neither by https nor from localhost, and may block it: null. */
async function open(): Promise<Cache | null> {
  try {
    return "caches" in globalThis ? await caches.open(CACHE) : null;
  } catch {
    return null;
  }
}
