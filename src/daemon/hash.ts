/** FNV-1a over UTF-16 units: the same on every machine and in every run. */
export function hash32(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Which of `shards` a series belongs to: by its name alone, so order and time make no difference. */
export function shardOf(name: string, shards: number): number {
  // FNV leaves the low bits to the low bits of the letters; the finaliser of MurmurHash3 mixes them.
  let hash = hash32(name);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shards;
}
