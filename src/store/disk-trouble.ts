import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { probe } from './state-dir.ts';

const MIB = 2 ** 20;

/**
 * Why a commit has failed, in words: LMDB says "Input/output error" whatever it was.
 * @param dir state directory
 * @param bytesWanted with less, the disk is called full, even where a small file still fits
 */
export function diskTrouble(dir: string, failure: Error, bytesWanted = MIB): string {
  const free = freeBytes(dir);
  const left = free === undefined ? '' : ` (${(free / MIB).toFixed(1)} MiB free)`;
  const code = probeCode(dir);
  switch (code) {
    case 'EROFS':
      return `${dir} has become read-only`;
    case 'EDQUOT':
      return `the quota of ${dir} is used up`;
    case 'ENOENT':
      return `${dir} is gone`;
    case 'ENOSPC':
      return `no space left in ${dir}${left}`;
    default:
      if (free !== undefined && free < bytesWanted) return `no space left in ${dir}${left}`;
      return `${failure.message} in ${join(dir, 'store')}${left}`;
  }
}

function freeBytes(dir: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function probeCode(dir: string): string | undefined {
  try {
    probe(dir);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}
