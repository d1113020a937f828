/** Where the files go that a backtest writes, for one recording or several. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const FILE_NAME = /\.(ndjson|jsonl|json)(\.gz)?$/i;

/** A folder where its name says so, or is one. */
function isFolder(path: string): boolean {
  if (existsSync(path)) return statSync(path).isDirectory();
  return path.endsWith('/') || path.endsWith(sep) || !FILE_NAME.test(path);
}

/**
 * The path for each input: `out` itself, or a name below it that follows the input's, with the
 * folders that the inputs do not share.
 * @param faults gets what is wrong
 */
export function outputPaths(
  option: string,
  out: string,
  inputs: readonly string[],
  faults: string[],
): string[] {
  if (!isFolder(out)) {
    if (inputs.length === 1) return [out];
    faults.push(`${option}: ${out} is one file for ${inputs.length} inputs; name a folder`);
    return inputs.map(() => out);
  }
  const paths = inputs.map((input) => resolve(input));
  const root = paths.map((path) => dirname(path)).reduce(commonFolder);
  const names = paths.map((path) => join(out, `${relative(root, withoutEndings(path))}.ndjson`));
  const twin = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twin >= 0) faults.push(`${option}: ${names[twin]} would be written for two inputs`);
  return names;
}

function commonFolder(a: string, b: string): string {
  const [left, right] = [a.split(sep), b.split(sep)];
  const end = left.findIndex((part, i) => part !== right[i]);
  return (end < 0 ? left : left.slice(0, end)).join(sep) || sep;
}

function withoutEndings(path: string): string {
  return path.replace(/\.gz$/i, '').replace(/\.(csv|ndjson|jsonl|json)$/i, '');
}
