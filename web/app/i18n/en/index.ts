import type { Texts } from "../texts.js";
import { avatar } from "./avatar.js";
import { inspector } from "./inspector.js";
import { live } from "./live.js";
import { shell } from "./shell.js";
import { snapshot } from "./snapshot.js";
import { status } from "./status.js";
import { viewer } from "./viewer.js";

export const en = { ...shell, ...status, ...live, ...inspector, snapshot, avatar, viewer };

export type Messages = Texts<typeof en>;
