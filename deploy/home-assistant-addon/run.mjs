// Starts Foretide with what the add-on's page says: makes a configuration of the options and of the
// broker that the Supervisor knows. A foretide.yaml in the add-on's own folder goes before both.
//
//   node run.mjs               what the container does
//   node run.mjs --only-write  writes the configuration and ends
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const { DATA_DIR = '/data', CONFIG_DIR = '/config', SUPERVISOR_URL = 'http://supervisor' } =
  process.env;
const own = `${CONFIG_DIR}/foretide.yaml`;
const made = `${DATA_DIR}/foretide.yaml`;

function fail(message) {
  console.error(`add-on: ${message}`);
  process.exit(2);
}

/** The broker of the Mosquitto add-on, or the one that Home Assistant is told to use. */
async function broker() {
  const headers = { Authorization: `Bearer ${process.env.SUPERVISOR_TOKEN}` };
  let answer;
  try {
    const response = await fetch(`${SUPERVISOR_URL}/services/mqtt`, { headers });
    answer = await response.json();
  } catch (error) {
    fail(`the Supervisor does not tell where the broker is: ${error.message}`);
  }
  if (answer.result === 'ok') return answer.data;
  return fail(
    `there is no MQTT service (${answer.message}); install the Mosquitto add-on, or write ${own}`,
  );
}

/** What is not given is left to Foretide's defaults. */
function configuration(options, mqtt) {
  const { streams, effort, publish, log_level: level } = options;
  const { host, port, ssl, username } = mqtt;
  const url = `${ssl ? 'mqtts' : 'mqtt'}://${host}:${port}`;
  const account = username ? { username, password: '${FORETIDE_MQTT_PASSWORD}' } : {};
  const sinks = {};
  if (options.influx_url) {
    const { influx_username: user, influx_database: database } = options;
    sinks.influx = {
      url: options.influx_url,
      ...(database && { database }),
      ...(user && { username: user, password: '${FORETIDE_INFLUX_PASSWORD}' }),
    };
  }
  if (publish) sinks.mqtt = {};
  return {
    source: { mqtt: { url, ...account } },
    streams: streams.map((stream) => ({ ...stream, model: { effort } })),
    sinks,
    state: { dir: `${DATA_DIR}/state` },
    // Only the Supervisor's network reaches it; Home Assistant asks who you are.
    http: { host: '0.0.0.0', port: 8484, open: true },
    log: { level },
  };
}

async function write() {
  const options = JSON.parse(readFileSync(`${DATA_DIR}/options.json`, 'utf8'));
  if (options.streams.length === 0) fail('there are no streams; add a topic on the page of options');
  const mqtt = await broker();
  process.env.FORETIDE_MQTT_PASSWORD = mqtt.password ?? '';
  process.env.FORETIDE_INFLUX_PASSWORD = options.influx_password ?? '';
  // JSON is YAML.
  writeFileSync(made, `${JSON.stringify(configuration(options, mqtt), null, 2)}\n`, { mode: 0o600 });
  return made;
}

const path = existsSync(own) ? own : await write();
process.env.STATE_DIRECTORY ??= `${DATA_DIR}/state`;
if (!process.argv.includes('--only-write')) {
  process.chdir(DATA_DIR);
  process.argv = [process.argv[0], 'foretide', 'run', path];
  await import(new URL('./node_modules/foretide/dist/main.js', import.meta.url));
}
