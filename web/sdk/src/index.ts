export { decode } from "./decode.js";
export { decodeJson } from "./json.js";
