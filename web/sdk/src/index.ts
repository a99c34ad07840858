/** Client library of holistic-rtc: publishes and subscribes to sessions. */

export {
  type ClientState,
  HolisticClient,
  type HolisticClientOptions,
  type HolisticEvents,
  type StateChange,
} from "./client.js";
export { decode } from "./decode.js";
export { DecodeError, type ErrorReason, HolisticError } from "./errors.js";
export { Emitter, type EventOf } from "./events.js";
export {
  type Category,
  type Classifications,
  type HolisticFrame,
  type HolisticResult,
  type Landmark,
  type Matrix,
  type Named,
  type NamedPoints,
} from "./frame.js";
export type * from "./messages.js";
export { PALETTE } from "./palette.js";
export { BLENDSHAPE_NAMES, HAND_POINTS, type Part, PARTS, POINT_PARTS, type PointPart, POSE_POINTS } from "./parts.js";
export { decodeJson } from "./json.js";
export {
  Job,
  type JobOptions,
  type JobResult,
  type JobResultKind,
  type JobState,
  type JobStatus,
  submitJob,
} from "./jobs.js";
export { makeKey } from "./key.js";
export {
  ARKIT_BLENDSHAPES,
  type ArkitName,
  type BoneName,
  type ExpressionName,
  type Quaternion,
  type Rig,
} from "./rig.js";
export { RIG_BONES, RIG_EXPRESSIONS, RIG_OFFSETS, RIG_PARENTS } from "./parts.js";
export type { Encoding } from "./session.js";
export {
  getMetrics,
  getTicket,
  listSessions,
  type Right,
  type ServerOptions,
  type SessionInfo,
  type Ticket,
  type TicketOptions,
} from "./signalling.js";
export { type Snapshot, type SnapshotOptions, takeSnapshot } from "./snapshot.js";
export { abortable, backoffMs, sleep } from "./timing.js";
export type { ConnectOptions, SubscribeOptions } from "./options.js";
