/** A door to math.ts for its test: what each function makes of an array. */
import { exp4, ofSigmoid, sigmoid4, tanhEach } from './math';

/** @param what 0 tanh, 1 σ, 2 exp; @param at values in place [count], a multiple of four */
export function applyMath(what: i32, at: usize, count: i32): void {
  const end = at + (<usize>count << 2);
  if (what == 0) {
    tanhEach(at, end, 16);
    return;
  }
  const r4 = ofSigmoid(0), r3 = ofSigmoid(1), r2 = ofSigmoid(2), r1 = ofSigmoid(3);
  const r0 = ofSigmoid(4), s3 = ofSigmoid(5), s2 = ofSigmoid(6), s1 = ofSigmoid(7);
  const s0 = ofSigmoid(8), high = ofSigmoid(9), low = ofSigmoid(10), half = ofSigmoid(11);
  for (; at < end; at += 16) {
    const x = v128.load(at);
    if (what == 2) v128.store(at, exp4(x));
    else v128.store(at, sigmoid4(x, r4, r3, r2, r1, r0, s3, s2, s1, s0, high, low, half));
  }
}
