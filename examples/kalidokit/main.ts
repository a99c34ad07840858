import { HolisticClient } from "holistic-rtc";

import { Bars } from "./bars";
import { solve } from "./rig";

const video = document.querySelector("video")!;
const status = document.querySelector("#status")!;
const bars = new Bars(document.querySelector("#values")!);

const degrees = (radians: number) => `${Math.round((radians * 180) / Math.PI)}°`;
const percent = (share: number) => `${Math.round(share * 100)}%`;

async function main(): Promise<void> {
  const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  video.srcObject = camera;
  const client = new HolisticClient();
  await client.connect(camera, { video: false });
  for await (const frame of client.landmarks()) {
    const rig = solve(frame);
    bars.show("Head", rig.head, degrees, Math.PI / 2);
    bars.show("Face", rig.face, percent, 1);
    bars.show("Body", rig.body, degrees, Math.PI);
    bars.show("Left hand", rig.leftHand, degrees, Math.PI);
    bars.show("Right hand", rig.rightHand, degrees, Math.PI);
    status.textContent = `frame ${frame.seq}`;
  }
}

main().catch((error: unknown) => {
  status.textContent = String(error);
});
