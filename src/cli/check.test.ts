import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { check } from './check.ts';

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'foretide-check-'));
  path = join(folder, 'site.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

const GOOD = `
source: { mqtt: { url: "mqtt://h", username: u, password: "\${PW}", keepalive: 90s } }
streams:
  - topic: a/+
    every: 1mo
    seasons: [1y]
    lateness: 1500ms
sinks: { influx: { username: u, password_file: pw, retention: { name: r, duration: 90d } } }
`;

it('prints the resolved configuration, as a user would write it, with secrets hidden', () => {
  writeFileSync(join(folder, 'pw'), 'geheim-influx\n');
  writeFileSync(path, GOOD);
  for (const json of [false, true]) {
    const { stdout, stderr, exitCode } = check(path, json, { PW: 'geheim-mqtt' });
    expect([stderr, exitCode]).toEqual(['', 0]);
    expect(stdout).not.toContain('geheim');
    const printed = json ? JSON.parse(stdout) : parse(stdout);
    expect(printed.source.mqtt).toEqual({
      url: 'mqtt://h',
      username: 'u',
      password: '***',
      protocol: 'auto',
      qos: 1,
      session_expiry: '1d',
      keepalive: '90s',
      retry_min: '1s',
      retry_max: '1m',
      exit_if_unreachable: false,
    });
    expect(printed.streams[0]).toMatchObject({
      every: '1mo',
      seasons: ['1y'],
      lateness: '1500ms',
      max_ahead: '1h',
      horizon: 12,
    });
    expect(printed.sinks.influx).toMatchObject({
      health_every: '10s',
      password: '***',
      password_file: join(folder, 'pw'),
      retention: { name: 'r', duration: '90d' },
      flush_interval: '250ms',
    });
  }
});

it('what it prints is a configuration again, with the same meaning', () => {
  writeFileSync(path, 'streams: [{ topic: a, every: 10s, time: { field: t } }]\n');
  const first = check(path, false, {});
  writeFileSync(path, first.stdout);
  expect(check(path, false, {})).toEqual(first);
});

it('prints every fault and their count, and exits with code 2', () => {
  writeFileSync(path, 'streams:\n  - topic: a\n    horizon: -3\n    model: { cell: lsmt }\n');
  expect(check(path, false, {})).toEqual({
    stdout: '',
    stderr: [
      `${path}:3:14  streams[0].horizon: -3 is not allowed; write a whole number from 1 to 1000`,
      `${path}:4:20  streams[0].model.cell: "lsmt" is not allowed; write one of lstm, gru, rnn_tanh, rnn_relu, none (did you mean lstm?)`,
      `${path}: 2 faults\n`,
    ].join('\n'),
    exitCode: 2,
  });
});
