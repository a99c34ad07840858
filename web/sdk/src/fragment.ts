/** Fragments of SDP (RFC 8840), by which candidates and ICE restarts are told after the offer. */

/**
 * A trickle-ice-sdpfrag (RFC 8840) of candidates.
 *
 * @param offer - the SDP that the candidates belong to.
 */
export function candidateFragment(offer: string, candidates: readonly RTCIceCandidate[]): string {
  const lines = offer.split(/\r?\n/);
  const credentials = ["a=ice-ufrag:", "a=ice-pwd:"].map((key) => lines.find((line) => line.startsWith(key)));
  const fragment = credentials.filter((line) => line !== undefined);
  for (const mid of new Set(candidates.map((candidate) => candidate.sdpMid))) {
    const position = lines.indexOf(`a=mid:${mid ?? ""}`);
    const media = lines.slice(0, position).findLast((line) => line.startsWith("m="));
    if (media) {
      const found = candidates.filter((candidate) => candidate.sdpMid === mid);
      fragment.push(media, `a=mid:${mid ?? ""}`, ...found.map((candidate) => `a=${candidate.candidate}`));
    }
  }
  return fragment.join("\r\n") + "\r\n";
}

/**
 * The answer with the credentials and candidates of another ICE session.
 *
 * @param fragment - of the server, after a restart.
 */
export function withFragment(answer: string, fragment: string): string {
  const fresh = fragment.split(/\r?\n/);
  const find = (start: string) => fresh.filter((line) => line.startsWith(start));
  const candidates = [...find("a=candidate:"), ...find("a=end-of-candidates")];
  const replaced = answer.split(/\r?\n/).flatMap((line) => {
    if (line.startsWith("a=candidate:") || line.startsWith("a=end-of-candidates")) {
      return [];
    }
    if (line.startsWith("a=ice-ufrag:")) {
      return [...find("a=ice-ufrag:"), ...candidates];
    }
    return line.startsWith("a=ice-pwd:") ? find("a=ice-pwd:") : [line];
  });
  return replaced.join("\r\n");
}
