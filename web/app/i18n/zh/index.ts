import type { Messages } from "../en/index.js";
import { avatar } from "./avatar.js";
import { inspector } from "./inspector.js";
import { live } from "./live.js";
import { shell } from "./shell.js";
import { snapshot } from "./snapshot.js";
import { status } from "./status.js";
import { viewer } from "./viewer.js";

export const zh: Messages = { ...shell, ...status, ...live, ...inspector, snapshot, avatar, viewer };
