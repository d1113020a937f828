/**
 * A page of the documentation as something that can be done: files to write and commands to run, in
 * their order. Remarks in HTML comments right before a fence, which no reader sees, tell how:
 *
 *   <!-- as: site.yaml -->          what follows is this file
 *   <!-- after: command -->         a daemon that has run before: what the page takes for granted
 *   <!-- prints: text -->           the output has to hold that
 *   <!-- instead: command -->       run that in place of it (`--for 5s` added, say)
 *   <!-- in: root -->               in the project's folder
 *   <!-- goes on: text -->          it says that, then runs on until the page is done, and ends with 0
 *   <!-- elsewhere: reason -->      cannot be run by a test, or is run by another
 */

const SHELLS = new Set(['sh', 'bash', 'shell', 'console']);

export interface Step {
  /** `README.md:32` */
  readonly where: string;
  readonly kind: 'file' | 'command' | 'elsewhere';
  /** Of a file its name, else the reason. */
  readonly name: string;
  readonly text: string;
  readonly prints: string | undefined;
  readonly goesOn: string | undefined;
  readonly after: string | undefined;
  readonly inRoot: boolean;
}

/** @throws Error where a remark is not known, or leads to nothing */
export function readPage(name: string, text: string): Step[] {
  const steps: Step[] = [];
  const lines = text.split('\n');
  let remarks = new Map<string, string>();
  for (let i = 0; i < lines.length; i++) {
    const remark = /^\s*<!-- (as|after|prints|instead|in|goes on|elsewhere): (.+) -->$/.exec(
      lines[i]!,
    );
    if (remark) {
      remarks.set(remark[1]!, remark[2]!);
      continue;
    }
    const fence = /^(\s*)(```+)(\w*)/.exec(lines[i]!);
    if (!fence) {
      if (lines[i]!.trim() === '') continue;
      if (remarks.size > 0) throw new Error(`${name}:${i + 1}: a remark with no fence behind it`);
      continue;
    }
    const [, indent = '', mark = '', language = ''] = fence;
    const end = lines.findIndex((line, at) => at > i && line.trim() === mark);
    if (end < 0) throw new Error(`${name}:${i + 1}: a fence that does not end`);
    const body = lines.slice(i + 1, end).map((line) => line.slice(indent.length));
    const step = stepOf(`${name}:${i + 1}`, language, body.join('\n'), remarks);
    if (step) steps.push(step);
    else if (remarks.size > 0) throw new Error(`${name}:${i + 1}: a remark that says nothing`);
    remarks = new Map();
    i = end;
  }
  return steps;
}

function stepOf(
  where: string,
  language: string,
  text: string,
  remarks: ReadonlyMap<string, string>,
): Step | undefined {
  const rest = {
    where,
    prints: remarks.get('prints'),
    goesOn: remarks.get('goes on'),
    after: remarks.get('after'),
    inRoot: remarks.get('in') === 'root',
  };
  const file = remarks.get('as');
  if (file) return { ...rest, kind: 'file', name: file, text: `${text}\n` };
  const reason = remarks.get('elsewhere');
  if (reason) return { ...rest, kind: 'elsewhere', name: reason, text };
  if (!SHELLS.has(language)) return undefined;
  return {
    ...rest,
    kind: 'command',
    name: '',
    text: remarks.get('instead') ?? text,
  };
}
