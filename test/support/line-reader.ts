/** Reads line protocol as InfluxDB does, strictly; shares nothing with the code that writes it. */
export interface ReadLine {
  readonly measurement: string;
  /** Unescaped, as they are stored. */
  readonly tags: ReadonlyMap<string, string>;
  readonly fields: ReadonlyMap<string, number>;
  readonly time: bigint;
}

const FLOAT = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;

/** @throws Error when the text is not exactly one line with fields of finite floats */
export function readLine(line: string): ReadLine {
  if (/[\n\r\0]/.test(line)) throw new Error(`a line end within ${JSON.stringify(line)}`);
  const [key, fields, time, ...rest] = split(line, ' ');
  if (time === undefined || rest.length > 0) throw new Error(`not three parts: ${line}`);
  const [measurement, ...tags] = split(key!, ',');
  return {
    measurement: measurement!,
    tags: new Map(tags.map((tag) => pair(tag))),
    fields: new Map(
      split(fields!, ',').map((field) => {
        const [name, value] = pair(field);
        if (!FLOAT.test(value) || !Number.isFinite(Number(value))) {
          throw new Error(`field ${name} is no float: ${line}`);
        }
        return [name, Number(value)];
      }),
    ),
    time: BigInt(time),
  };
}

/** At separators without a backslash before them; two backslashes are no escape of one. */
function split(text: string, separator: string): string[] {
  const parts = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === separator && text[i - 1] !== '\\') parts.push('');
    else parts[parts.length - 1] += text[i]!;
  }
  return parts;
}

function pair(text: string): [string, string] {
  const [key, value, ...rest] = split(text, '=');
  if (!key || !value || rest.length > 0) throw new Error(`not one key and value: ${text}`);
  return [unescaped(key), unescaped(value)];
}

function unescaped(text: string): string {
  return text.replace(/\\([,= ])/g, '$1');
}

/** The name that a stored tag stands for: `%0A` is a line end, `%255C` the text `%5C`. */
export function nameOfTag(tag: string): string {
  const bytes = tag.replace(/%[0-9A-F]{2}|[^%]|%/gu, (part) => {
    if (part.length !== 3 || !part.startsWith('%')) return Buffer.from(part).toString('latin1');
    const code = Number.parseInt(part.slice(1), 16);
    const isOurs = code < 0x20 || code === 0x25 || code === 0x5c || code >= 0x7f;
    return isOurs ? String.fromCharCode(code) : part;
  });
  return Buffer.from(bytes, 'latin1').toString();
}
