// The compiler writes no mode bits; npm's bin link needs the entry point to be executable.
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/main.js', import.meta.url), 0o755);
