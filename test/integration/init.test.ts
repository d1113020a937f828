/** From nothing to forecasts: `foretide init` as a process, on a real Mosquitto and a real InfluxDB. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, foretideIn } from '../support/command.ts';
import { influxQuery, type RunningForetide, startForetide, until } from '../support/foretide.ts';
import { influxQuery as influxAs } from '../support/influx-query.ts';
import { ROOT } from '../support/root.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';

const PUBLISH_MS = 200;
const dir = mkdtempSync(join(tmpdir(), 'foretide-init-'));
let broker: TestServer;
let database: TestServer;
let publisher: MqttClient;
let timer: NodeJS.Timeout;
let running: RunningForetide | undefined;

const SERIES = [
  'home/bath/climate/humidity',
  'home/bath/climate/temperature',
  'home/kitchen/climate/humidity',
  'home/kitchen/climate/temperature',
  'machine/press/v2',
  'plug/1/power',
];

beforeAll(async () => {
  [broker, database] = await Promise.all([startMosquitto(), startInfluxd()]);
  publisher = await connectAsync(broker.url);
  await publisher.publishAsync('home/attic/climate', '{"temperature":1}', { retain: true });
  let i = 0;
  timer = setInterval(() => publish(i++), PUBLISH_MS);
});
afterAll(async () => {
  clearInterval(timer);
  running?.process.kill('SIGKILL');
  await publisher?.endAsync(true);
  await Promise.all([broker?.stop(), database?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

function publish(i: number): void {
  const send = (topic: string, payload: string | Buffer): void => {
    publisher.publish(topic, payload);
  };
  for (const room of ['kitchen', 'bath']) {
    const temperature = Number((20 + Math.sin(i / 9) + (i % 3) / 10).toFixed(2));
    const humidity = 45 + ((7 * i) % 5);
    const uptime = 1_000 + i;
    send(`home/${room}/climate`, JSON.stringify({ temperature, humidity, uptime }));
  }
  send('plug/1/power', (100 + (i % 7)).toString());
  send('plug/1/relay', i % 8 < 4 ? 'on' : 'off');
  send('machine/press', `${Date.now()},${(i % 11) / 10}`);
  send('machine/raw', Buffer.from([0xc1, 0, 255]));
}

const init = (...args: string[]): Promise<Ended> => {
  return foretideIn(dir, 'init', '--broker', broker.url, ...args);
};

describe('foretide init --yes', () => {
  it('writes a configuration that passes the check, and forecasts arrive with it', async () => {
    const flags = ['--listen', '4s', '--influx', database.url, '--database', 'new "db"', '--yes'];
    const made = await init('site.yaml', ...flags);
    expect(made.stderr).toContain('6 topics');
    expect(made.stderr).toContain('stored (retained) message');
    expect(made.stderr).toContain('Created database "new "db""');
    expect(made.stderr).toContain('Wrote site.yaml');
    expect(made).toMatchObject({ code: 0, stdout: '' });
    expect(await influxAs(database.url, 'SHOW DATABASES')).toContainEqual({ name: 'new "db"' });

    const text = readFileSync(join(dir, 'site.yaml'), 'utf8');
    expect(text).toContain('- topic: home/+/climate');
    expect(text).toContain('# Left out: uptime (how long the device runs)');
    expect(text).toMatch(/machine\/raw: binary/);
    const check = await foretideIn(dir, 'check', 'site.yaml');
    expect([check.code, check.stderr]).toEqual([0, '']);

    running = startForetide(['run', 'site.yaml'], dir);
    await running.says('source: connected');
    let found: string[] = [];
    await until(
      async () => {
        const rows = await influxAs(
          database.url,
          'SHOW TAG VALUES FROM forecast WITH KEY = "series"',
          {
            db: 'new "db"',
          },
        );
        found = rows.map(({ value }) => String(value)).sort();
        return SERIES.every((series) => found.includes(series));
      },
      () => `forecasts of all; got ${found.join(', ')}\n${running?.output()}\n${text}`,
    );
    expect(found).toEqual([...SERIES, 'plug/1/relay'].sort());
    running.process.kill('SIGTERM');
    expect(await running.exitCode).toBe(0);
    // The check of the database has left nothing there.
    const rows = await influxQuery(database.port, 'SHOW MEASUREMENTS', 'new "db"');
    expect(rows.slice(1).map((row) => row.split(',')[1])).toEqual([
      'actual',
      'forecast',
      'forecast_score',
    ]);
  });

  it('keeps an existing file, whole', async () => {
    writeFileSync(join(dir, 'mine.yaml'), 'mine');
    const { code, stderr } = await init('mine.yaml', '--yes', '--listen', '1s');
    expect([code, stderr]).toEqual([
      2,
      'mine.yaml: exists; --force overwrites it, or name another file\n',
    ]);
    expect(readFileSync(join(dir, 'mine.yaml'), 'utf8')).toBe('mine');
  });

  it('runs what it has written with --run', async () => {
    const args = [
      'init',
      'run.yaml',
      '--broker',
      broker.url,
      '--topic',
      'plug/#',
      '--listen',
      '3s',
    ];
    running = startForetide([...args, '--influx', 'none', '--yes', '--run'], dir);
    await running.says('source: connected');
    const at = /http:\/\/127\.0\.0\.1:\d+\//.exec(running.output())![0];
    await until(async () => {
      const { rows } = (await (await fetch(`${at}api/series`)).json()) as { rows: unknown[] };
      return rows.length === 2;
    });
    running.process.kill('SIGTERM');
    expect(await running.exitCode).toBe(0);
  });
});

describe('foretide init without a terminal', () => {
  it('prints the configuration and writes nothing, unless told to', async () => {
    const { code, stdout, stderr } = await init('--listen', '2s', '--influx', database.url);
    expect(code).toBe(0);
    expect(stdout).toContain('streams:');
    expect(stderr).toContain('Nothing was written');
    expect(existsSync(join(dir, 'foretide.yaml'))).toBe(false);
  });

  it('says what to do where there is no broker, or nothing to hear', async () => {
    const none = await foretideIn(dir, 'init', '--yes', '--broker', 'mqtt://127.0.0.1:1');
    expect(none.code).toBe(3);
    expect(none.stderr).toContain('nothing listens there');
    expect(none.stderr).toContain('apt install mosquitto');
    const silent = await init('--yes', '--topic', 'nobody/#', '--listen', '1s');
    expect(silent.code).toBe(2);
    expect(silent.stderr).toContain('sent nothing on "nobody/#"');
  });
});

describe('passwords', () => {
  it('are named in the configuration, never written', async () => {
    const file = join(dir, 'users');
    execFileSync('mosquitto_passwd', ['-b', '-c', file, 'ada', 'geheim']);
    const closed = await startMosquitto({ config: [`password_file ${file}`] });
    try {
      const refused = await foretideIn(dir, 'init', '--yes', '--broker', closed.url);
      expect(refused.code).toBe(3);
      expect(refused.stderr).toMatch(/not authorized[\s\S]*--username/);
      writeFileSync(join(dir, 'secret'), 'geheim\n');
      const user = ['--broker', closed.url, '--username', 'ada', '--password-file', 'secret'];
      const args = ['init', ...user, '--listen', '5s', '--influx', 'none'];
      const heard = foretideIn(dir, ...args);
      const ada = await connectAsync(closed.url, { username: 'ada', password: 'geheim' });
      const sending = setInterval(() => ada.publish('a/b', String(Math.random())), 50);
      const { stdout, stderr } = await heard;
      clearInterval(sending);
      await ada.endAsync(true);
      expect(stdout).toContain('password_file: secret');
      expect(stdout + stderr).not.toContain('geheim');
    } finally {
      await closed.stop();
    }
  });

  it('of a database that wants one: the reason, and what to do', async () => {
    const env = { INFLUXDB_HTTP_AUTH_ENABLED: 'true' };
    const closed = await startInfluxd({ env });
    try {
      const create = "CREATE USER root WITH PASSWORD 'x' WITH ALL PRIVILEGES";
      await influxAs(closed.url, create);
      const { stderr } = await init('--listen', '2s', '--influx', closed.url);
      expect(stderr).toContain('wants a user');
      expect(stderr).toContain('--influx-username');
      await influxAs(closed.url, "CREATE USER ada WITH PASSWORD 'pw'", {
        user: 'root',
        password: 'x',
      });
      writeFileSync(join(dir, 'pw'), 'pw\n');
      const user = ['--influx-username', 'ada', '--influx-password-file', 'pw'];
      const poor = await init(
        '--listen',
        '2s',
        '--influx',
        closed.url,
        '--yes',
        'poor.yaml',
        ...user,
      );
      expect(poor.stderr).toContain('could not be created');
      expect(poor.stderr).toContain('an administrator can');
    } finally {
      await closed.stop();
    }
  });
});

describe('foretide init at a terminal', () => {
  it('asks, shows, writes and asks whether to run', async () => {
    const main = join(ROOT, 'dist/main.js');
    const command = `${process.execPath} ${main} init asked.yaml --broker ${broker.url} --listen 3s`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { cwd: dir });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const answer = async (question: string, text: string): Promise<void> => {
      await until(
        () => output.includes(question),
        () => `${question} in ${output}`,
      );
      child.stdin.write(`${text}\r`);
    };
    await answer('Topics (# = all)', 'home/#');
    await answer('InfluxDB (empty: none)', '');
    await answer('Write asked.yaml?', 'y');
    await answer('Run it now?', 'n');
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect(output).toContain('messages, 2 topics');
    expect(statSync(join(dir, 'asked.yaml')).isFile()).toBe(true);
    expect((await foretideIn(dir, 'check', 'asked.yaml')).code).toBe(0);
  });
});
