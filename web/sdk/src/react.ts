/** The client as a hook of React. */

import { useEffect, useRef, useState } from "react";

import { type ClientState, HolisticClient, type HolisticClientOptions } from "./client.js";
import type { HolisticError } from "./errors.js";
import type { HolisticFrame } from "./frame.js";
import { makeKey } from "./key.js";
import type { ConnectOptions, SubscribeOptions } from "./options.js";
import { copyConfiguration } from "./wire.js";

/** The options of the client, and those of its `connect()` or `subscribe()`. */
export interface UseHolisticOptions extends HolisticClientOptions, Omit<ConnectOptions, "key">, SubscribeOptions {
  /** Called with each frame; doesn't render the component again. */
  onLandmarks?: (frame: HolisticFrame) => void;
}

/** What a component renders. */
export interface Holistic {
  state: ClientState;
  /** Why the state is `waiting`, `reconnecting` or `failed`. */
  error: HolisticError | null;
  /** The annotated video. */
  stream: MediaStream | null;
  sessionId: string | null;
  /** What others need to watch the published session. */
  viewingKey: string | null;
  /** For its other events and methods; null without a source. Another one after a change that needs a new connection. */
  client: HolisticClient | null;
}

const IDLE: Holistic = { state: "idle", error: null, stream: null, sessionId: null, viewingKey: null, client: null };

/**
 * Publish a stream or subscribe to a session for as long as the component is mounted.
 *
 * A change of `parts`, `maxPersons`, `draw`, `smoothing` or `maxFps` keeps the connection; one of the source or of
 * another option, or leaving one out that was set, makes a new one.
 *
 * @param source - the stream to publish, the id or name of a session to subscribe to, or null for neither.
 * @throws RangeError when `maxPersons` or `maxFps` is out of range.
 */
export function useHolistic(source: MediaStream | string | null, options: UseHolisticOptions = {}): Holistic {
  const [holistic, setHolistic] = useState(IDLE);
  const [ownKey] = useState(makeKey); // The next client takes over the name of the one before with it.
  const configuration = copyConfiguration(options);
  const configured = JSON.stringify(configuration);
  const others = JSON.stringify(options, (name, value: unknown) => (name in configuration ? undefined : value));
  const connection = `${others} ${Object.keys(configuration).join()}`;
  const newest = useRef(options);

  useEffect(() => {
    newest.current = options;
  });

  useEffect(() => {
    if (source === null) {
      return;
    }
    const options = newest.current;
    const client = new HolisticClient(options);
    const render = () => {
      const { state, error, stream, sessionId, viewingKey } = client;
      setHolistic({ state, error, stream, sessionId, viewingKey, client });
    };
    const stops = [
      client.on("state", render),
      client.on("stream", render),
      client.on("landmarks", (frame) => newest.current.onLandmarks?.(frame)),
    ];
    connect(client, source, ownKey, options).catch(() => undefined); // The state says so.
    return () => {
      stops.forEach((stop) => stop());
      setHolistic(IDLE);
      void client.close();
    };
  }, [source, connection, ownKey]);

  useEffect(() => {
    holistic.client?.configure(newest.current);
  }, [configured]);

  return holistic;
}

function connect(
  client: HolisticClient,
  source: MediaStream | string,
  ownKey: string,
  options: UseHolisticOptions,
): Promise<void> {
  return typeof source === "string"
    ? client.subscribe(source, options)
    : client.connect(source, { ...options, key: options.key ?? ownKey });
}
