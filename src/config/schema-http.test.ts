import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './load.ts';
import { printConfig } from './print.ts';
import type { Config } from './schema.ts';

function http(text: string, baseDir = '.'): Config['http'] {
  return parseConfig(`streams: [{ topic: t }]\n${text}`, 'f', {}, baseDir).http;
}

describe('http', () => {
  it('is off where it does not stand, and on this machine alone where it is empty', () => {
    expect(http('')).toBeUndefined();
    expect(http('http: {}')).toEqual({
      host: '127.0.0.1',
      port: 8484,
      open: false,
      history_steps: 300,
    });
  });

  it.each([
    'http: { host: 0.0.0.0, token: s3cret! }',
    'http: { host: 0.0.0.0, open: true }',
    'http: { host: localhost }',
    'http: { host: "::1" }',
    'http: { host: 127.0.0.2, port: 0 }',
  ])('takes %s', (text) => expect(http(text)).toBeDefined());

  it.each([
    [
      'http: { host: 0.0.0.0 }',
      /http\.host: "0\.0\.0\.0" is reached from other machines, and there/,
    ],
    ['http: { host: gateway.lan }', /http\.host: .*; add token_file, or open: true/],
    ['http: { host: 127.evil.example }', /http\.host: .* reached from other machines/],
    ['http: { host: "::" }', /http\.host: .* reached from other machines/],
    ['http: { token: "two words" }', /http\.token: cannot stand in a request/],
    ['http: { token: a, token_file: f }', /http\.token_file: token is given as well; remove one/],
    ['http: { port: 70000 }', /http\.port/],
    ['http: { history_steps: 10 }', /http\.history_steps/],
    ['http:', /http: is empty; give its keys, or http: {} for all defaults/],
  ])('%s is a fault', (text, says) => expect(() => http(text)).toThrow(says));

  it('reads the token from a file, and never shows it', () => {
    const dir = mkdtempSync(join(tmpdir(), 'foretide-http-'));
    writeFileSync(join(dir, 'token'), 'from-a-file\nmore\n');
    const text = 'streams: [{ topic: t }]\nhttp: { host: 0.0.0.0, token_file: token }';
    const config = parseConfig(text, 'f', {}, dir);
    expect(config.http!.token).toBe('from-a-file');
    expect(printConfig(config, 'yaml')).not.toContain('from-a-file');
    rmSync(dir, { recursive: true });
  });
});
