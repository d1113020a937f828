const GIVE_UP_MS = 300_000;

/** Waits for a condition; long, since the machine may be slow. @throws Error that says for what */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  giveUpMs = GIVE_UP_MS,
): Promise<void> {
  const untilMs = performance.now() + giveUpMs;
  while (!(await condition())) {
    if (performance.now() > untilMs) {
      throw new Error(`waited ${giveUpMs / 1_000} s for ${what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
