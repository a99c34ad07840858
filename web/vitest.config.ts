import { defineConfig } from "vitest/config";

import { alias } from "./app/vite.config.js";

export default defineConfig({
  resolve: { alias },
  test: { include: ["{app,sdk,tests}/**/*.test.ts"] },
});
