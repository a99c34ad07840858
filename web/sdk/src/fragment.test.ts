import { expect, it } from "vitest";
import { candidateFragment, withFragment } from "./fragment.js";

it("a fragment names the ICE session, and each candidate below its media section", () => {
  const offer = [
    "v=0",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=ice-ufrag:EsAw",
    "a=ice-pwd:P2uY",
    "a=mid:0",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=ice-ufrag:EsAw",
    "a=ice-pwd:P2uY",
    "a=mid:1",
    "",
  ].join("\r\n");
  const candidate = (sdpMid: string, text: string) => ({ sdpMid, candidate: text }) as RTCIceCandidate;
  const fragment = candidateFragment(offer, [
    candidate("0", "candidate:1 1 udp 1 10.0.0.1 5 typ host"),
    candidate("1", "candidate:2"),
  ]);
  expect(fragment.split("\r\n")).toEqual([
    "a=ice-ufrag:EsAw",
    "a=ice-pwd:P2uY",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=mid:0",
    "a=candidate:1 1 udp 1 10.0.0.1 5 typ host",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=mid:1",
    "a=candidate:2",
    "",
  ]);
});

it("puts the new credentials and candidates in the place of the old ones in each section", () => {
  const section = (ice: string) => `m=video 9 X 96\r\na=mid:0\r\n${ice}a=setup:active\r\n`;
  const old = section("a=candidate:1 old\r\na=end-of-candidates\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\n");
  const fragment =
    "m=video 9 X 96\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\na=candidate:1 new\r\na=end-of-candidates\r\n";
  const fresh = section("a=ice-ufrag:new\r\na=candidate:1 new\r\na=end-of-candidates\r\na=ice-pwd:secret\r\n");
  expect(withFragment(`v=0\r\n${old}${old}`, fragment)).toBe(`v=0\r\n${fresh}${fresh}`);
});
