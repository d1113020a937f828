/** A door to math.ts for its test: what each function makes of an array. */
import { exp4, sigmoid4, tanh4 } from './math';

/** @param what 0 tanh, 1 σ, 2 exp; @param at values in place [count], a multiple of four */
export function applyMath(what: i32, at: usize, count: i32): void {
  for (const end = at + (<usize>count << 2); at < end; at += 16) {
    const x = v128.load(at);
    if (what == 0) v128.store(at, tanh4(x));
    else if (what == 1) v128.store(at, sigmoid4(x));
    else v128.store(at, exp4(x));
  }
}
