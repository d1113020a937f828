/** Reads Prometheus’ text format, strictly enough that a fault in it is one here. */

export interface ExportedFamily {
  readonly type: string;
  readonly help: string;
  readonly readings: { readonly name: string; readonly labels: Labels; readonly value: number }[];
}
type Labels = Readonly<Record<string, string>>;

const READING = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

/** @throws Error where a line is none, a family comes twice, or a reading stands outside its own */
export function parsePrometheus(text: string): Map<string, ExportedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, ExportedFamily>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.split('\n')) {
    const [, comment, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (line === '') continue;
    if (comment === 'HELP') helps.set(name, rest);
    else if (comment === 'TYPE') {
      if (families.has(name)) throw new Error(`${name} comes twice`);
      families.set(name, { type: rest, help: helps.get(name) ?? '', readings: [] });
      current = name;
    } else {
      const [, full = '', labels = '', value] = READING.exec(line) ?? [];
      if (value === undefined) throw new Error(`no reading: ${line}`);
      if (full.replace(/_(bucket|sum|count)$/, '') !== current && full !== current) {
        throw new Error(`${full} stands under ${current}`);
      }
      const key = line.slice(0, line.lastIndexOf(' '));
      if (seen.has(key)) throw new Error(`twice: ${key}`);
      seen.add(key);
      const reading = { name: full, labels: parseLabels(labels), value: Number(value) };
      families.get(current)!.readings.push(reading);
    }
  }
  return families;
}

function parseLabels(text: string): Labels {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (!match) throw new Error(`no labels: ${text}`);
    const plain = match[2]!.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    labels[match[1]!] = plain;
  }
  return labels;
}
