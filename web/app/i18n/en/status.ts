/** How the connection stands, what went wrong with it, and what to do about that. */
export const status = {
  states: {
    idle: "Ready",
    preview: "Preview",
    starting: "Starting",
    connecting: "Connecting",
    connected: "Live",
    waiting: "Waiting",
    reconnecting: "Reconnecting",
    snapshots: "Snapshots",
    failed: "Stopped",
  },
  progress: {
    starting: "Allow the camera in your browser's prompt.",
    connecting: "Connecting to the server…",
  },
  reconnectingRemedy: "The page reconnects automatically. Press Stop to give up.",
  retryIn: (seconds: number) => `Trying again in ${seconds} s.`,
  retryNow: "Trying again…",
  attempt: (attempt: number) => `Attempt ${attempt}.`,
  detail: (message: string) => `Details: ${message}`,
  /** What a code of the server means, in languages that it doesn't speak. */
  meaning: (() => "") as (code: string) => string,

  problems: {
    "camera-denied": {
      title: "The camera is blocked",
      remedy: "Click the camera icon in the address bar, allow the camera for this page, and press Start again.",
    },
    "camera-missing": {
      title: "No camera was found",
      remedy: "Plug one in and press Start again, or use the sample clip.",
    },
    "camera-busy": {
      title: "The camera can't be opened",
      remedy: "Another program may be using it. Close that program and press Start again, or choose another camera.",
    },
    "camera-lost": {
      title: "The camera was unplugged or switched off",
      remedy: "Plug it in again or choose another one, then press Start.",
    },
    "insecure-context": {
      title: "The browser blocks cameras on this page",
      remedy:
        "Browsers allow cameras only on pages loaded over HTTPS or from localhost. Open this page from such an address, or use the sample clip.",
    },
    unsupported: {
      title: "This browser isn't supported",
      remedy: "Live video needs WebRTC. Use a current version of Chrome, Edge, Firefox or Safari.",
    },
    "sample-failed": {
      title: "The sample clip can't be loaded",
      remedy: "The server didn't send it. Check that the server is running, and try again.",
    },
    "server-unreachable": {
      title: "The server isn't responding",
      remedy: "Check that holistic-rtc is running and that your network is up, then press Start again.",
    },
    "server-full": {
      title: "The server is full",
      remedy: "It is already running as many sessions as it can.",
    },
    "server-busy": {
      title: "The server can't do this right now",
      remedy: "See the details below for the reason. The page tries again by itself.",
    },
    refused: {
      title: "The server rejected the video",
      remedy: "See the details below. Trying again without a change won't help.",
    },
    unauthorized: {
      title: "The server requires a token",
      remedy: "Ask your administrator for it, and enter it here. The page keeps it until the tab is closed.",
    },
    forbidden: {
      title: "The server doesn't allow this",
      remedy: "See the details below. Ask your administrator for a token that has the right to do this.",
    },
    "session-unknown": {
      title: "There is no such session",
      remedy: "It may have ended, or the address may be incomplete. See the list of running sessions.",
    },
    "not-live": {
      title: "Nobody is live under this name yet",
      remedy: "It begins here as soon as somebody publishes under it.",
    },
    "ice-failed": {
      title: "Video can't get through",
      remedy:
        "The server answered, but a firewall may be blocking UDP. Try another network, or ask your administrator to set up a TURN server.",
    },
    "connection-lost": {
      title: "The connection was lost",
      remedy: "Check that your network is up.",
    },
    "session-ended": {
      title: "The server ended the session",
      remedy: "Press Start to begin a new one.",
    },
    aborted: {
      title: "Stopped",
      remedy: "Press Start to begin again.",
    },
    "no-session": {
      title: "Nobody is live yet",
      remedy: "When somebody starts a camera on this server, the avatar appears here.",
    },
    "several-sessions": {
      title: "Several sessions are running",
      remedy:
        "This link works while exactly one session is running. Stop the others, or link to one of them: choose it at /view, open its avatar, and copy the link for OBS.",
    },
    unexpected: {
      title: "Something went wrong",
      remedy: "Press Start to try again. If it keeps happening, report the details below.",
    },
  },

  /** In place of `problems`, where the server's code says more. */
  byCode: {
    name_taken: {
      title: "This name is taken",
      remedy: "Somebody else is publishing under it. Choose another one, or open this page without a name.",
    },
  } as Readonly<Record<string, { title: string; remedy: string }>>,

  /** In place of `problems.unauthorized` where the page has a token. */
  wrongToken: {
    title: "The server rejected this token",
    remedy: "Check the token with your administrator, and enter it again.",
  },

  /** The same where the page came by a link with a ticket. */
  wrongTicket: {
    title: "This link has expired",
    remedy: "Ask for a new one, or copy it again from where you got it.",
  },

  /** In place of those above on a page that has no camera and no Start. */
  viewing: {
    states: {
      idle: "Up to date",
      failed: "Stopped",
    },
    reconnectingRemedy: "The page reconnects automatically.",
    problems: {
      "insecure-context": {
        title: "The browser blocks live video on this page",
        remedy: "Live video needs a page loaded over HTTPS or from localhost. Open this page from such an address.",
      },
      "server-unreachable": {
        title: "The server isn't responding",
        remedy: "Check that holistic-rtc is running and that your network is up, then try again.",
      },
      "server-full": {
        title: "Too many people are watching",
        remedy: "This session has reached its limit of viewers.",
      },
      refused: {
        title: "The server rejected the connection",
        remedy: "See the details below. Trying again without a change won't help.",
      },
      forbidden: {
        title: "This session is private",
        remedy: "Ask its publisher for the whole link: the one under Share, which ends in #key= and the key.",
      },
      "session-ended": {
        title: "The session has ended",
        remedy: "If it was started again, it has a new address: see the list of running sessions.",
      },
      aborted: {
        title: "Stopped",
        remedy: "Try again to keep watching.",
      },
      unexpected: {
        title: "Something went wrong",
        remedy: "Try again. If it keeps happening, report the details below.",
      },
    },
  },
};
