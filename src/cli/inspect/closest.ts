const SHOWN_MAX = 3;
/** Letters to change, as a share of the name, that are still a slip. */
const SLIP_SHARE = 0.4;

/** Names like the one that was meant, the nearest first. */
export function closest(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const near = names.flatMap((candidate) => {
    const given = candidate.toLowerCase();
    // A part of the name is the likeliest slip.
    const letters = given.includes(wanted) ? 0 : distance(wanted, given);
    return letters <= SLIP_SHARE * name.length ? { candidate, letters } : [];
  });
  near.sort((a, b) => a.letters - b.letters || a.candidate.length - b.candidate.length);
  return near.slice(0, SHOWN_MAX).map(({ candidate }) => candidate);
}

/** Letters to put in, take out or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
