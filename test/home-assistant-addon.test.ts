/**
 * The add-on's files, against what Home Assistant documents of them, and its script against a Supervisor
 * that is played here. No Home Assistant runs here.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import { ROOT } from './support/root.ts';

const dir = join(ROOT, 'deploy/home-assistant-addon');
const read = (name: string): string => readFileSync(join(dir, name), 'utf8');

type Element = string | readonly Element[] | { readonly [key: string]: Element };
interface AddOn {
  readonly version: string;
  readonly arch: readonly string[];
  readonly slug: string;
  readonly ingress_port: number;
  readonly watchdog: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly schema: Readonly<Record<string, Element>>;
}
const addOn = parse(read('config.yaml')) as AddOn;

/** https://developers.home-assistant.io/docs/add-ons/configuration, those in use here. */
const KEYS: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: isText,
  version: isText,
  slug: (value) => /^[-_.A-Za-z0-9]+$/.test(String(value)),
  description: isText,
  arch: isListOf(['aarch64', 'amd64', 'armhf', 'armv7', 'i386']),
  startup: isOneOf(['initialize', 'system', 'services', 'application', 'once']),
  boot: isOneOf(['auto', 'manual', 'manual_only']),
  init: isFlag,
  timeout: (value) => Number(value) >= 10 && Number(value) <= 300,
  stage: isOneOf(['stable', 'experimental', 'deprecated']),
  services: (value) => matchAll(value, /^(mqtt|mysql):(provide|want|need)$/),
  ingress: isFlag,
  ingress_port: (value) => Number.isInteger(value),
  panel_icon: (value) => /^mdi:[a-z-]+$/.test(String(value)),
  watchdog: (value) => /^(https?|tcp):\/\/\[HOST\]:(\[PORT:\d+\]|\d+).*$/.test(String(value)),
  map: (value) => matchAll(value, /^(addon_config|share|ssl|media|backup|data)(:(rw|ro))?$/),
  backup: isOneOf(['hot', 'cold']),
  options: (value) => typeof value === 'object',
  schema: (value) => typeof value === 'object',
};
const TYPE =
  /^(bool|email|url|port|(str|password)(\(\d*,\d*\))?|int(\(\d*,\d*\))?|float(\([\d.]*,[\d.]*\))?|match\(.*\)|list\(.+\))\??$/;

describe('the add-on’s config.yaml', () => {
  it('has documented keys alone, with values that they may have', () => {
    for (const [key, value] of Object.entries(addOn)) {
      expect(KEYS, key).toHaveProperty(key);
      expect(KEYS[key]!(value), key).toBe(true);
    }
    for (const key of ['name', 'version', 'slug', 'description', 'arch']) {
      expect(addOn).toHaveProperty(key);
    }
  });

  it('has a schema of known types, and defaults that fit it', () => {
    for (const [key, element] of Object.entries(addOn.schema)) checkElement(key, element);
    for (const key of Object.keys(addOn.options)) expect(addOn.schema).toHaveProperty(key);
    for (const [key, element] of Object.entries(addOn.schema)) {
      const isOptional = typeof element === 'string' && element.endsWith('?');
      if (!isOptional) expect(addOn.options).toHaveProperty(key);
    }
  });

  it('says every option in every language', () => {
    for (const name of readdirSync(join(dir, 'translations'))) {
      const { configuration } = parse(read(`translations/${name}`)) as {
        configuration: Record<string, { name: string; description: string }>;
      };
      expect(Object.keys(configuration), name).toEqual(Object.keys(addOn.schema));
      for (const words of Object.values(configuration)) {
        expect([isText(words.name), isText(words.description)]).toEqual([true, true]);
      }
    }
  });

  it('is of the version of the package, and builds for each architecture', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as AddOn;
    expect(addOn.version).toBe(version);
    const { build_from } = parse(read('build.yaml')) as { build_from: Record<string, string> };
    expect(Object.keys(build_from).sort()).toEqual([...addOn.arch].sort());
  });
});

describe('ingress', () => {
  it('gets a page that works below any path', () => {
    const page = readFileSync(join(ROOT, 'src/web/index.html'), 'utf8');
    expect(page).toMatch(/ src="assets\//);
    expect(page).not.toMatch(/ (src|href)="\/[^"]*"/);
    const scripts = readdirSync(join(ROOT, 'src/web')).filter((name) => name.endsWith('.ts'));
    for (const name of scripts) {
      const text = readFileSync(join(ROOT, 'src/web', name), 'utf8');
      expect(text, name).not.toMatch(/['"`]\/(api|assets)\//);
    }
  });
});

describe('the add-on’s script', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  interface Outcome {
    readonly code: number | null;
    readonly said: string;
    readonly config: () => Config;
  }

  /** Writes the configuration that these options and this answer make. */
  async function run(options: object, answer: object): Promise<Outcome> {
    const data = mkdtempSync(join(tmpdir(), 'foretide-addon-'));
    folders.push(data);
    writeFileSync(join(data, 'options.json'), JSON.stringify({ ...addOn.options, ...options }));
    const supervisor = createServer((request, response) => {
      const isAllowed = request.headers.authorization === 'Bearer secret';
      const isRight = isAllowed && request.url === '/services/mqtt';
      response.end(JSON.stringify(isRight ? answer : { result: 'error', message: 'no' }));
    });
    await once(supervisor.listen(0, '127.0.0.1'), 'listening');
    const { port } = supervisor.address() as AddressInfo;
    const child = spawn(process.execPath, [join(dir, 'run.mjs'), '--only-write'], {
      env: {
        ...process.env,
        DATA_DIR: data,
        CONFIG_DIR: `${data}none`,
        SUPERVISOR_URL: `http://127.0.0.1:${port}`,
        SUPERVISOR_TOKEN: 'secret',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    supervisor.close();
    const secrets = { FORETIDE_MQTT_PASSWORD: 'm', FORETIDE_INFLUX_PASSWORD: 'i' };
    return { code, said, config: () => loadConfig(join(data, 'foretide.yaml'), secrets) };
  }

  const mqtt = { host: 'core-mosquitto', port: 1883, ssl: false, username: 'addons' };

  it('makes a sound configuration of the options and the broker', async () => {
    const { code, said, config } = await run({}, { result: 'ok', data: mqtt });
    expect([code, said]).toEqual([0, '']);
    const { source, streams, sinks, http } = config();
    expect(source!.mqtt).toMatchObject({
      url: 'mqtt://core-mosquitto:1883',
      username: 'addons',
      password: 'm',
    });
    expect(streams).toMatchObject([{ topic: 'zigbee2mqtt/+', model: { effort: 'balanced' } }]);
    expect(sinks).toEqual({});
    // The port that Home Assistant asks at, for the page and for signs of life.
    expect(http!.port).toBe(addOn.ingress_port);
    expect(addOn.watchdog).toContain(`[PORT:${http!.port}]/healthz`);
  });

  it('takes over database, publishing, TLS and what a stream says', async () => {
    const options = {
      streams: [{ topic: 'power', payload: 'number', every: '10s', horizon: 6 }],
      influx_url: 'http://db:8086',
      influx_username: 'foretide',
      influx_database: 'home',
      publish: true,
      log_level: 'warn',
    };
    const answer = { result: 'ok', data: { ...mqtt, ssl: true, port: 8883 } };
    const { code, config } = await run(options, answer);
    expect(code).toBe(0);
    const { source, streams, sinks, log } = config();
    expect(source!.mqtt!.url).toBe('mqtts://core-mosquitto:8883');
    expect(streams).toMatchObject([{ topic: 'power', payload: 'number', horizon: 6 }]);
    expect(sinks.influx).toMatchObject({ database: 'home', username: 'foretide', password: 'i' });
    expect(sinks.mqtt).toBeDefined();
    expect(log.level).toBe('warn');
  });

  it('says what to do where there is no broker, or nothing to learn', async () => {
    const none = await run({}, { result: 'error', message: 'Service not enabled' });
    expect(none.code).toBe(2);
    expect(none.said).toContain('install the Mosquitto add-on');
    const empty = await run({ streams: [] }, { result: 'ok', data: mqtt });
    expect([empty.code, empty.said]).toEqual([2, expect.stringContaining('add a topic')]);
  });
});

function checkElement(key: string, element: Element): void {
  if (typeof element === 'string') expect(element, key).toMatch(TYPE);
  else for (const [inner, each] of Object.entries(element)) checkElement(`${key}.${inner}`, each);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isOneOf(allowed: readonly string[]) {
  return (value: unknown): boolean => allowed.includes(String(value));
}

function isListOf(allowed: readonly string[]) {
  return (value: unknown): boolean => Array.isArray(value) && value.every(isOneOf(allowed));
}

function matchAll(value: unknown, pattern: RegExp): boolean {
  return Array.isArray(value) && value.every((each) => pattern.test(String(each)));
}
