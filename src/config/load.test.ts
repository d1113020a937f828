// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax under test
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from './load.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'foretide-config-'));
  writeFileSync(join(folder, 'pw'), '\uFEFFfirst: "line"\r\nsecond\n');
  writeFileSync(join(folder, 'empty'), '\nsecond\n');
  writeFileSync(join(folder, 'ca.pem'), 'PEM');
});
afterAll(() => rmSync(folder, { recursive: true }));

const STREAM = 'streams: [{ topic: a }]\n';
const parse = (text: string, env = {}) => parseConfig(text, 'f', env, folder);

/** The fault lines, or none. */
function faults(text: string, env = {}): string[] {
  try {
    parse(text, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}

function thrown(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

it('names every fault of a thoroughly bad file, each where it is', () => {
  const fixtures = new URL('fixtures/', import.meta.url);
  const text = readFileSync(new URL('bad.yaml', fixtures), 'utf8');
  const expected = readFileSync(new URL('bad.faults.txt', fixtures), 'utf8');
  const env = { LATE: 'a secret', CELL: 'another secret' };
  expect(thrown(() => parseConfig(text, 'bad.yaml', env, '/nowhere')).message).toBe(
    expected.trimEnd(),
  );
});

describe('YAML', () => {
  it.each([
    ['', /^f:1:1 {2}streams: is missing; give a list of sections \(What to forecast/],
    ['# nothing\n', /^f:1:1 {2}streams: is missing/],
    ['- a\n', /^f:1:1 {2}a list is not allowed; write a section$/],
    ['just text', /^f:1:1 {2}"just text" is not allowed; write a section$/],
    ['streams:\n\t- topic: a\n', /^f:2:1 {2}not valid YAML: Tabs are not allowed/],
    ['streams: [{ topic: a }\n', /^f:2:1 {2}not valid YAML: /],
    ['streams: *nobody\n', /^f:1:10 {2}no anchor &nobody stands before this; define it$/],
    [`${STREAM}---\n${STREAM}`, /^f:2:1 {2}not valid YAML: .*multiple documents/],
    [`${STREAM}base: !!js/function x\n`, /^f:2:7 {2}not valid YAML: Unresolved tag/],
    [`${STREAM}? [a, b]\n: c\n`, /^f:2:3 {2}a list or section cannot be a key; write text$/],
    [`${STREAM}outbox: { points_max: .inf }\n`, /^f:2:23 {2}outbox.points_max: Infinity is not/],
    [`${STREAM}outbox: { points_max: .nan }\n`, /^f:2:23 {2}outbox.points_max: NaN is not/],
    ['streams: &s [*s]\n', /^f:1:14 {2}streams\[0\]: a list is not allowed; write a section$/],
    [`a: ${'['.repeat(10_000)}`, /^f:1:\d+ {2}is nested too deeply; flatten it$/],
    [`a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`, /^f:1:\d+ {2}is nested too deeply/],
    [`# ${'x'.repeat(1 << 20)}\n${STREAM}`, /^f:1:1 {2}is larger than 1 MiB/],
  ])('%#: %.40j', (text, expected) => {
    const lines = faults(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  it('stops at a bomb of aliases', () => {
    const levels = Array.from({ length: 9 }, (_, i) => {
      const inner = i === 0 ? '"lol"' : `*a${i - 1}`;
      return `a${i}: &a${i} [${Array(9).fill(inner).join(', ')}]\n`;
    });
    expect(faults(levels.join(''))[0]).toMatch(
      /^f:1:1 {2}cannot follow the aliases: Excessive alias/,
    );
  });

  it('takes a byte order mark, CRLF, anchors and merge keys', () => {
    const config = parse(
      '\uFEFFstreams:\r\n  - &a { topic: a, horizon: 3 }\r\n  - { <<: *a, topic: b }\r\n',
    );
    expect(config.streams.map(({ topic, horizon }) => [topic, horizon])).toEqual([
      ['a', 3],
      ['b', 3],
    ]);
  });

  it('points into the anchor for a fault that a merge key brings', () => {
    const text = 'streams:\n  - &a { topic: a, horizon: 0 }\n  - { <<: *a, topic: b }\n';
    expect(faults(text)).toEqual([
      'f:2:29  streams[0].horizon: 0 is not allowed; write a whole number from 1 to 1000',
      'f:2:29  streams[1].horizon: 0 is not allowed; write a whole number from 1 to 1000',
    ]);
  });

  it('no key reaches a prototype', () => {
    const text = `${STREAM}__proto__: { polluted: 1 }\nconstructor: 1\n`;
    expect(faults(text)).toEqual([
      expect.stringMatching(/^f:2:1 {2}__proto__: unknown key; allowed here: base, source/),
      expect.stringMatching(/^f:3:1 {2}constructor: unknown key; allowed here: base, source/),
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('environment', () => {
  const mqtt = (password: string) =>
    `${STREAM}source:\n  mqtt:\n    url: mqtt://h\n    password: ${password}\n`;

  it.each([
    'a: b\n- c',
    '"',
    "'",
    '*x',
    '#',
    '{}',
    '12345',
    'true',
    '${PASSWORD}',
    '  ',
    'x\ny: 1',
  ])('a password %j stays what it is', (secret) => {
    const config = parse(mqtt('${PASSWORD}'), { PASSWORD: secret });
    expect(config.source?.mqtt?.password).toBe(secret);
  });

  it('serves numbers and switches where there are no quotes', () => {
    const text = `${STREAM}actual: \${A}\noutbox:\n  points_max: \${N}\n`;
    expect(parse(text, { A: 'false', N: '7' })).toMatchObject({
      actual: false,
      outbox: { points_max: 7 },
    });
    expect(faults(text, { A: 'no', N: '-7' })).toEqual([
      'f:2:9  actual: "${A}" is not allowed; write true or false',
      'f:4:15  outbox.points_max: "${N}" is not allowed; write a whole number from 1',
    ]);
    expect(faults(`${STREAM}actual: "\${A}"\n`, { A: 'false' })).toEqual([
      'f:2:9  actual: "${A}" is text; remove the quotes',
    ]);
  });

  it('does not touch keys', () => {
    expect(faults(`${STREAM}"\${A}": 1\n`, { A: 'base' })).toEqual([
      expect.stringMatching(/^f:2:1 {2}\$\{A\}: unknown key/),
    ]);
  });

  it('a missing variable is one fault, with its key', () => {
    expect(faults(mqtt('${NIX}'))).toEqual([
      'f:5:15  source.mqtt.password: the environment variable NIX is not set; set it, or write ${NIX:-default}',
    ]);
  });

  it('what a variable holds never shows in a fault', () => {
    const text = `${STREAM}base: \${S}\nlog:\n  level: \${S}\nsource:\n  mqtt:\n    url: \${S}\n    keepalive: \${S}\n`;
    const found = faults(text, { S: 'geheim #1' });
    expect(found).toHaveLength(4);
    expect(found.join()).not.toContain('geheim');
  });
});

describe('files', () => {
  const influx = (rest: string) => `${STREAM}sinks:\n  influx:\n    username: u\n    ${rest}\n`;

  it('reads a secret from the first line of a file beside the configuration', () => {
    expect(parse(influx('password_file: pw')).sinks.influx).toMatchObject({
      password: 'first: "line"',
      password_file: join(folder, 'pw'),
    });
  });

  it('names a secret file that is missing, empty, a folder, or one of two', () => {
    const at = 'f:5:20  sinks.influx.password_file:';
    expect(faults(influx('password_file: gone'))).toEqual([
      `${at} ${join(folder, 'gone')} does not exist; check the path`,
    ]);
    expect(faults(influx('password_file: empty'))).toEqual([
      `${at} ${join(folder, 'empty')}: its first line is empty; write it there`,
    ]);
    expect(faults(influx('password_file: .'))).toEqual([
      `${at} ${folder} is a folder; name a file`,
    ]);
    expect(faults(influx('password_file: pw\n    password: x'))).toEqual([
      `${at} password is given as well; remove one of the two`,
    ]);
  });

  it('inputs are relative to the configuration, outputs to the working directory', () => {
    const config = parse(
      `${STREAM}source:\n  csv: { file: a.csv }\nsinks:\n  line_protocol: { file: o.lp }\n`,
    );
    expect(config.source?.csv?.file).toBe(join(folder, 'a.csv'));
    expect(config.sinks.line_protocol?.file).toBe('o.lp');
    const tls = parse(`${STREAM}source:\n  mqtt: { url: mqtts://h, tls: { ca_file: ca.pem } }\n`);
    expect(tls.source?.mqtt?.tls?.ca_file).toBe(join(folder, 'ca.pem'));
  });

  it('loadConfig resolves against the folder of the file', () => {
    const path = join(folder, 'site.yaml');
    writeFileSync(path, influx('password_file: pw'));
    expect(loadConfig(path, {}).sinks.influx?.password).toBe('first: "line"');
  });

  it('says why a configuration cannot be read', () => {
    const gone = join(folder, 'gone.yaml');
    expect(thrown(() => loadConfig(gone, {})).message).toBe(
      `${gone}: does not exist; check the path`,
    );
    expect(thrown(() => loadConfig(folder, {})).message).toBe(
      `${folder}: is a folder; name a file`,
    );
    const latin = join(folder, 'latin.yaml');
    writeFileSync(latin, Buffer.from([0x62, 0x3a, 0xe9]));
    expect(thrown(() => loadConfig(latin, {})).message).toBe(
      `${latin}: is not UTF-8 text; save it as UTF-8`,
    );
  });
});

describe('rules between keys', () => {
  const stream = (rest: string) => `streams: [{ topic: a/b, ${rest} }]\n`;
  const sparkplug = (topic: string, rest = '') =>
    `streams: [{ topic: "${topic}", payload: sparkplug, ${rest} }]\n`;
  const source = (rest: string) => `${STREAM}source: ${rest}\n`;
  const influx = (rest: string) => `${STREAM}sinks: { influx: { ${rest} } }\n`;
  it('keys of the wrong version of InfluxDB are named all at once', () => {
    const wrong = 'version: 2, database: d, username: u, password: p, retention: { duration: 1s }';
    const keys = faults(influx(wrong)).map((line) => /influx[\w.]*/.exec(line)![0]);
    const named = ['', '', '.database', '.username', '.password', '.retention.duration'];
    expect(keys.sort()).toEqual(named.map((key) => `influx${key}`).sort());
  });
  it.each([
    [source('{}'), 'source: names no source; give one of mqtt, csv, ndjson'],
    [
      source('{ mqtt: {} }'),
      'source.mqtt: names no broker; give url: mqtt://host:1883, or embedded: {}',
    ],
    [source('{ mqtt: { url: "mqtt://h", embedded: {} } }'), 'embedded: url is given as well'],
    [
      source('{ mqtt: { embedded: {}, username: u } }'),
      'username: the embedded broker knows neither',
    ],
    [
      source('{ mqtt: { url: "http://h" } }'),
      '"http://h" does not begin as it should; write mqtt://',
    ],
    [
      source('{ mqtt: { url: localhost } }'),
      'url: is not a URL; write mqtt://host:port or mqtts://',
    ],
    [source('{ mqtt: { url: "user:pw@h" } }'), 'url: holds a user or password'],
    [source('{ mqtt: { url: "mqtt://" } }'), 'url: '],
    [source('{ mqtt: { url: "mqtt://h", tls: {} } }'), 'tls: needs an encrypted url'],
    [source('{ mqtt: { url: "mqtt://h", keepalive: 0s } }'), '"0s" is too short; write 1s or more'],
    [
      source('{ mqtt: { url: "mqtt://h", retry_max: 25d } }'),
      '"25d" is too long; write 24d or less',
    ],
    [
      source('{ csv: { file: x, topic: a/+ } }'),
      'topic: "a/+" has a wildcard; write one exact topic',
    ],
    [source('{ csv: { file: x, delimiter: ";;" } }'), '";;" is not allowed; write one character'],
    [
      source("{ csv: { file: x, delimiter: '\"' } }"),
      'a quote or a line end cannot separate cells',
    ],
    [stream('seasons: [30s], every: 1mo'), '30s holds fewer than two steps of every: 1mo'],
    [stream('seasons: [1y], every: 1s'), 'steps of every: 1s, the most is 100000; shorten it'],
    [stream('every: 0s'), '"0s" is too short; write 1ms or more'],
    [stream('score_leads: [1, 1]'), 'score_leads[1]: 1 is given twice; remove one'],
    [stream('score_leads: al'), '"al" is not allowed; write all or list of: whole number from 1'],
    [stream('score_leads: []'), 'score_leads: is empty; give at least one entry'],
    [stream('series: "{topic[2]}"'), '{topic[2]}: the topic "a/b" has levels 0 to 1'],
    [stream('values: [a, b], series: x'), 'series: would give 2 fields one name; add {field}'],
    [stream('payload: number, time: ts'), 'time: a payload that is one number has no time field'],
    [
      stream('series: "{tag.host}"'),
      'series: has names of payload: line_protocol, and the payload is json; write others',
    ],
    [stream('payload: line_protocol, time: ts'), 'is called time; write time'],
    [
      stream('payload: line_protocol, time: { field: time, unit: iso }'),
      'time.unit: of line protocol is a number; write s, ms, us, ns or auto',
    ],
    [stream('rebirth: true'), 'rebirth: belongs to payload: sparkplug, and the payload is json'],
    [sparkplug('a/b'), 'topic: "a/b" does not bring births, data and deaths'],
    [sparkplug('spBv1.0/G/DDATA/#'), 'write spBv1.0/# or spBv1.0/GROUP/+/NODE/#'],
    [sparkplug('spBv1.0/G/+/N'), 'does not bring births, data and deaths'],
    [sparkplug('spBv1.0/#', 'time: ts'), 'time: of Sparkplug metrics has a place of its own'],
    [
      sparkplug('spBv1.0/#', 'series: "{topic}/{field}"'),
      'series: births and data have other topics, and would make other series; write {topic[1]}',
    ],
    [sparkplug('spBv1.0/#', 'series: "{topic[2]}/{field}"'), 'births and data have other topics'],
    [
      stream('model: { window: 1, update_interval: 4 }'),
      'window: 1 is shorter than update_interval (4)',
    ],
    [stream('horizon: 1.5'), 'horizon: 1.5 is not allowed; write a whole number from 1 to 1000'],
    [
      stream('coverage: 1'),
      'coverage: 1 is not allowed; write number above 0, below 1 or list of: number above 0, below 1',
    ],
    [stream('every: true'), 'every: true is not allowed; write a period, such as 10s or 1mo'],
    [stream('values: { a: 1 }'), 'values: a section is not allowed; write text or list of'],
    [
      `${STREAM}sinks: { mqtt: {} }\n`,
      'sinks.mqtt: has no broker, as the source is not MQTT; add url',
    ],
    [
      `${STREAM}sinks: { influx: { password: x } }\n`,
      'has a password and no username; add username',
    ],
    [influx('version: 4'), '4 is not allowed; write one of 1, 2, 3'],
    [influx('token: x'), 'token: belongs to version 2 or 3, and version is 1; write username and'],
    [influx('version: 2, org: o'), 'influx: has no token, which version 2 needs; add token_file'],
    [influx('version: 2, token: x'), 'influx: has no org, which version 2 needs'],
    [influx('version: 2, token: x, org: o, database: d'), 'database: belongs to version 1 or 3'],
    [
      influx('version: 3, token: x, org: o'),
      'org: belongs to version 2, and version is 3; write d',
    ],
    [influx('version: 3, retention: { duration: 9d }'), 'retention: belongs to version 1 or 2'],
    [influx('retention: { duration: 9d }'), 'retention: has no name, which version 1 needs'],
    [
      influx('version: 2, token: x, org: o, retention: { name: r, duration: 9d }'),
      'retention.name: belongs to version 1; remove it',
    ],
    [`${STREAM}sinks: { influx: { url: 8086 } }\n`, '8086 must be text; put it in quotes: "8086"'],
    ['streams: []\n', 'streams: is empty; give at least one entry'],
    [
      'streams: [{ topic: "#" }, { topic: a }]\n',
      'streams[0] ("#") comes first and takes them all',
    ],
    [
      'streams: [{ topic: a, name: x }, { topic: b, name: x }]\n',
      '"x" is the name of streams[0] too',
    ],
    ['streams: [{ topic: x }, { topic: b, name: x }]\n', '"x" is the name of streams[0] too'],
    ['streams: [3]\n', 'streams[0]: 3 is not allowed; write a section'],
  ])('%#: %.60j', (text, expected) => {
    const lines = faults(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(expected);
  });

  it.each([
    stream('seasons: [24h, 7d]'),
    stream('series: "{topic[1]}"'),
    'streams: [{ topic: a/#, series: "{topic[7]}" }]\n',
    'streams: [{ topic: a }, { topic: "#" }]\n',
    stream('payload: line_protocol, series: "{tag.a}{tags}", time: { field: time, unit: s }'),
    sparkplug('#'),
    sparkplug('spBv1.0/+/+/+/#', 'rebirth: false, time: receive, series: "{topic[4]}/{field}"'),
    sparkplug('spBv1.0/G/+/N/#'),
    stream('payload: csv, columns: [t, x], values: x, time: t'),
    `${STREAM}source: { mqtt: { embedded: {} } }\nsinks: { mqtt: {} }\n`,
    influx('version: 2, token: x, org: o, bucket: b, retention: { duration: 9d }, gzip: true'),
    influx('version: 3'),
    `${STREAM}sinks: { mqtt: { url: "wss://h/mqtt", tls: { verify: false } } }\n`,
    source('{ csv: { file: x, delimiter: "\\t" } }'),
  ])('%#: %.60j is sound', (text) => {
    expect(faults(text)).toEqual([]);
  });
});
