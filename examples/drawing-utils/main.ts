import {
  DrawingUtils,
  FaceLandmarker,
  HandLandmarker,
  type HolisticLandmarkerResult,
  PoseLandmarker,
} from "@mediapipe/tasks-vision";
import { HolisticClient, PALETTE } from "holistic-rtc";

const video = document.querySelector("video")!;
const canvas = document.querySelector("canvas")!;
const status = document.querySelector("#status")!;
const drawing = new DrawingUtils(canvas.getContext("2d")!);

/** Written for MediaPipe in the browser: nothing here knows of a server. */
function draw(result: HolisticLandmarkerResult): void {
  for (const face of result.faceLandmarks) {
    drawing.drawConnectors(face, FaceLandmarker.FACE_LANDMARKS_TESSELATION, { color: "#ffffff50", lineWidth: 1 });
    drawing.drawConnectors(face, FaceLandmarker.FACE_LANDMARKS_CONTOURS, { color: PALETTE.middle, lineWidth: 2 });
  }
  for (const pose of result.poseLandmarks) {
    drawing.drawConnectors(pose, PoseLandmarker.POSE_CONNECTIONS, { color: PALETTE.middle, lineWidth: 4 });
  }
  drawHands(result.leftHandLandmarks, PALETTE.left);
  drawHands(result.rightHandLandmarks, PALETTE.right);
}

function drawHands(hands: HolisticLandmarkerResult["leftHandLandmarks"], color: string): void {
  for (const hand of hands) {
    drawing.drawConnectors(hand, HandLandmarker.HAND_CONNECTIONS, { color, lineWidth: 3 });
    drawing.drawLandmarks(hand, { color: "#ffffff", radius: 3, lineWidth: 1 });
  }
}

async function main(): Promise<void> {
  const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  video.srcObject = camera;
  const client = new HolisticClient();
  await client.connect(camera, { video: false });
  for await (const frame of client.landmarks()) {
    canvas.width = frame.width; // which clears it, too
    canvas.height = frame.height;
    draw(frame);
    status.textContent = `frame ${frame.seq}`;
  }
}

main().catch((error: unknown) => {
  status.textContent = String(error);
});
