import type { Messages } from "../en/index.js";
import { controls } from "./controls.js";
import { inspector } from "./inspector.js";
import { shell } from "./shell.js";
import { snapshot } from "./snapshot.js";
import { status } from "./status.js";

export const zh: Messages = { ...shell, ...status, ...controls, ...inspector, snapshot };
