import { isContainer } from './opaque.ts';

/** Paths into a payload: `temperature`, `sensor.t[0]`, `[2].v`. */
export type FieldPath = readonly (string | number)[];

/** A path as configured; dots part names, brackets hold array positions. */
export function parseFieldPath(text: string): FieldPath {
  const path: (string | number)[] = [];
  for (const [, position, name] of text.matchAll(/\[(\d+)\]|([^.[]+|\[)/g)) {
    path.push(position === undefined ? name! : Number(position));
  }
  return path;
}

/** The value at the path, own properties only; undefined where there is none. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  let value = root;
  for (const step of path) {
    if (!isContainer(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}
