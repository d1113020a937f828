// Removes what was built, so that a package holds nothing of files that have gone since.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
