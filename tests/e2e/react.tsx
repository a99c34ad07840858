/** A page of `test_react.py`: what the hook returns, with buttons that change what it is given. */
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useHolistic } from "holistic-rtc/react";

import { Mirror } from "./mirror";

const camera = await navigator.mediaDevices.getUserMedia({ video: true });

function Probe() {
  const [source, setSource] = useState<MediaStream | string>(camera);
  const [pose, setPose] = useState(true);
  const [points, setPoints] = useState(0);
  const { state, error, sessionId, viewingKey } = useHolistic(source, {
    name: "react",
    parts: pose ? ["pose"] : ["left_hand"],
    onLandmarks: (frame) => setPoints(frame.poseLandmarks[0]?.length ?? 0),
  });
  return (
    <>
      <button onClick={() => setPose(false)}>Without pose</button>
      <button onClick={() => setSource(camera.clone())}>Another stream</button>
      <button onClick={() => setSource("no-such-session-here-00")}>
        Nothing to watch
      </button>
      <output>{`${state} ${error?.reason ?? "-"} ${sessionId ?? "-"} ${points} ${viewingKey ?? "-"}`}</output>
    </>
  );
}

function Page() {
  const [mounted, setMounted] = useState(true);
  const content =
    location.hash === "#mirror" ? <Mirror url={location.origin} /> : <Probe />;
  return (
    <>
      <button onClick={() => setMounted(false)}>Unmount</button>
      {mounted && content}
    </>
  );
}

createRoot(document.querySelector("main")!).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
