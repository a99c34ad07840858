/** A server on this machine that answers as a test says. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach } from "vitest";

export interface ReceivedRequest {
  /** Method and path. */
  line: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export interface TestServer {
  url: URL;
  respond: (response: ServerResponse) => void;
  requests: ReceivedRequest[];
}

/**
 * One that runs during each test of the file.
 *
 * @param path - of its URL.
 */
export function useServer(path: string): TestServer {
  const served: TestServer = { url: new URL("http://127.0.0.1"), respond: (response) => response.end(), requests: [] };
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const line = `${request.method ?? ""} ${request.url ?? ""}`;
      served.requests.push({ line, headers: request.headers, body: Buffer.concat(chunks) });
      served.respond(response);
    });
  });
  beforeEach(async () => {
    served.requests = [];
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    served.url = new URL(path, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return served;
}
