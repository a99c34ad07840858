import type { Texts } from "../texts.js";
import { controls } from "./controls.js";
import { inspector } from "./inspector.js";
import { shell } from "./shell.js";
import { snapshot } from "./snapshot.js";
import { status } from "./status.js";

export const en = { ...shell, ...status, ...controls, ...inspector, snapshot };

export type Messages = Texts<typeof en>;
