/** The page that watches a session, and the list of sessions. */
export const viewer = {
  tagline: "Watch a session live",
  retry: "Try again",
  allSessions: "All sessions",
  copyLink: "Copy link",
  copyLinkTip: "Copy the link to this page, without the token",
  fullScreen: "Full screen",
  session: "Session",
  helpFullScreen: "Enter or leave full screen",
  helpCopy: "Copy the link to this page",

  listTitle: "Running sessions",
  emptyTitle: "Nobody is live",
  emptyText: "When somebody starts a camera on this server, the session appears here.",
  since: (time: string) => `since ${time}`,
  watching: (count: number) => (count === 0 ? "nobody watching" : `${count} watching`),
  beginning: "starting",

  states: {
    idle: "Up to date",
    failed: "Not connected",
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
};
