/**
 * Names of containers: checked, or made up.
 *
 * @module
 */
import { randomBytes, randomInt } from "node:crypto";
import { NetdError } from "../errors.ts";

const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/;

const ADJECTIVES =
  "amber bold brisk calm clever crisp eager fair fleet fond gentle glad jolly keen kind lively lucid merry mild neat noble proud quick quiet rapid sharp sunny swift tidy vivid warm wise".split(
    " ",
  );
/** Bridges of the world. */
const BRIDGES =
  "akashi arkadiko bastei bosphorus brooklyn charles clifton erasmus firth forth golden humber iron kapell khaju kintai lupu magere millau mostar oresund pegasus ponte rialto rion sheikh stari tower vasco vizcaya yavuz zhaozhou".split(
    " ",
  );

/**
 * Check a container's name: it becomes a file, namespace and DNS name, so it is kept to what all three allow.
 *
 * @throws {NetdError} CONTAINER_NAME_INVALID
 */
export function checkContainerName(name: string): string {
  if (!NAME.test(name)) {
    throw new NetdError(
      "CONTAINER_NAME_INVALID",
      `Cannot use the container name '${name}': not of the form ${NAME.source}`,
      {
        remedy: "Use up to 63 lower-case letters, digits, '_', '.' and '-', the first a letter or digit",
      },
    );
  }
  return name;
}

/** Make up a name that `isTaken` refuses to know. */
export function makeContainerName(isTaken: (name: string) => boolean): string {
  for (let round = 0; ; round++) {
    const adjective = ADJECTIVES[randomInt(ADJECTIVES.length)];
    const bridge = BRIDGES[randomInt(BRIDGES.length)];
    const name = `${adjective}-${bridge}${round < 3 ? "" : randomInt(100 * round)}`;
    if (!isTaken(name)) return name;
  }
}

/** Make a container id: 64 hexadecimal digits. */
export function makeContainerId(): string {
  return randomBytes(32).toString("hex");
}
