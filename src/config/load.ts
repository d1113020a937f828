/** Reads a configuration: YAML, environment, secrets, schema; every fault at once. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigDocument, type Path } from './document.ts';
import { type Environment, environmentSubstitute } from './environment.ts';
import { type FoundFault, faultsOf, pathText, valueAt } from './faults.ts';
import { mapBySchema, type WalkPath } from './json-schema.ts';
import { KIND } from './kinds.ts';
import { type Config, configSchema } from './schema.ts';

export interface ConfigFault {
  readonly file: string;
  /** From 1; undefined where the file could not be read. */
  readonly line?: number;
  readonly column?: number;
  /** `streams[0].horizon`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong; what to do. */
  readonly message: string;
}

/** The configuration cannot be used. The message has one line a fault, in file order. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** For the command line: bad configuration. */
  readonly exitCode = 2;
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(faults.map(faultText).join('\n'));
    this.faults = faults;
  }
}

/** @throws ConfigError */
export function loadConfig(path: string, env: Environment = process.env): Config {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const utf8 = error instanceof TypeError;
    const message = utf8 ? 'is not UTF-8 text; save it as UTF-8' : unreadable(error);
    throw new ConfigError([{ file: path, path: '', message }]);
  }
  return parseConfig(text, path, env, dirname(resolve(path)));
}

/**
 * @param fileName for the faults
 * @param baseDir what the paths of inputs and secrets are relative to
 * @throws ConfigError
 */
export function parseConfig(
  text: string,
  fileName: string,
  env: Environment,
  baseDir: string,
): Config {
  const document = new ConfigDocument(text.replace(/^\uFEFF/, ''));
  document.substitute(environmentSubstitute(env));
  const raw = document.toPlain() ?? {};
  const faults: ConfigFault[] = document.faults.map(({ path, ...fault }) => {
    return { file: fileName, ...fault, path: pathText(path) };
  });
  if (!document.usable) throw configError(faults);

  // Where a variable is missing, what else is wrong with the value would only be noise.
  const settled = new Set(faults.map(({ line, column }) => `${line}:${column}`));
  const add = ({ path, key, message }: FoundFault): void => {
    const at = key === undefined ? document.locate(path) : document.locateKey(path, key);
    if (settled.has(`${at.line}:${at.column}`)) return;
    const fullPath = pathText(key === undefined ? path : [...path, key]);
    faults.push({ file: fileName, ...at, path: fullPath, message });
  };
  const { config, faults: found } = check(raw, document);
  for (const fault of found) add(fault);
  const secrets = readFiles(raw, baseDir, add);
  if (!config || faults.length > 0) throw configError(faults);
  return complete(config, secrets, baseDir);
}

function configError(faults: readonly ConfigFault[]): ConfigError {
  const ordered = faults.toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  return new ConfigError(ordered);
}

function faultText({ file, line, column, path, message }: ConfigFault): string {
  if (line === undefined) return `${file}: ${message}`;
  const place = `${file}:${line}:${column}`;
  return path ? `${place}  ${path}: ${message}` : `${place}  ${message}`;
}

interface Checked {
  readonly config?: Config;
  readonly faults: readonly FoundFault[];
}

/** Where a variable stands for a number or a switch, its text is read as YAML would read it. */
function check(raw: unknown, document: ConfigDocument): Checked {
  let result = configSchema.safeParse(raw);
  if (!result.success) {
    let changed = false;
    for (const { path, code } of result.error.issues) {
      if (code === 'custom' || !document.substituted(path)?.plain) continue;
      changed = setScalar(raw, path) || changed;
    }
    if (changed) result = configSchema.safeParse(raw);
  }
  if (result.success) return { config: result.data, faults: [] };
  // What a variable held may be a secret in the wrong place: faults show its name instead.
  const sourceOf = (path: Path) => document.substituted(path)?.text;
  return { faults: result.error.issues.flatMap((issue) => faultsOf(issue, raw, sourceOf)) };
}

function setScalar(raw: unknown, path: readonly PropertyKey[]): boolean {
  const parent = valueAt(raw, path.slice(0, -1));
  const text = valueAt(raw, path);
  if (typeof text !== 'string' || typeof parent !== 'object' || parent === null) return false;
  const value = /^(true|false)$/.test(text) ? text === 'true' : Number(text);
  if (text.trim() === '' || Number.isNaN(value)) return false;
  (parent as Record<PropertyKey, unknown>)[path.at(-1)!] = value;
  return true;
}

interface Secret {
  readonly path: WalkPath;
  readonly value: string;
}

/** Reads the secrets, and sees whether certificates and weights are there. */
function readFiles(raw: unknown, baseDir: string, add: (fault: FoundFault) => void): Secret[] {
  const secrets: Secret[] = [];
  mapBySchema(raw, (node, value, path) => {
    const isSecret = node.title === KIND.secretPath;
    const isRead = path.includes('tls') || path.at(-1) === 'initial_weights';
    if (!isSecret && !(node.title === KIND.inputPath && isRead)) return undefined;
    if (typeof value !== 'string' || value === '') return undefined;
    const file = resolve(baseDir, value);
    try {
      const content = readFileSync(file, 'utf8');
      if (!isSecret) return undefined;
      const first = content.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0]!;
      if (first === '') add({ path, message: `${file}: its first line is empty; write it there` });
      secrets.push({ path: valuePath(path), value: first });
    } catch (error) {
      add({ path, message: `${file} ${unreadable(error)}` });
    }
    return undefined;
  });
  return secrets;
}

/** Puts the secrets in, and makes the paths of inputs absolute. */
function complete(config: Config, secrets: readonly Secret[], baseDir: string): Config {
  const completed = mapBySchema(config, (node, value) => {
    const isInput = node.title === KIND.inputPath || node.title === KIND.secretPath;
    return isInput && typeof value === 'string' ? resolve(baseDir, value) : undefined;
  });
  for (const { path, value } of secrets) {
    const holder = valueAt(completed, path.slice(0, -1)) as Record<string, unknown>;
    holder[String(path.at(-1))] = value;
  }
  return completed as Config;
}

/** `source.mqtt.password_file` → `source.mqtt.password` */
function valuePath(path: WalkPath): WalkPath {
  return [...path.slice(0, -1), String(path.at(-1)).replace(/_file$/, '')];
}

function unreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'does not exist; check the path';
  if (code === 'EACCES') return 'may not be read by this user; check its permissions';
  if (code === 'EISDIR') return 'is a folder; name a file';
  return `cannot be read (${(error as Error).message}); check the path`;
}
