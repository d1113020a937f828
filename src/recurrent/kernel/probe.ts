/** A door to math.ts for its test: what each function makes of an array. */
import {
  coefficient, exp4, HALF, HIGH, LOW, P0, P1, P2, P3, P4, Q0, Q1, Q2, Q3, sigmoid4, tanh4,
} from './math';

/** @param what 0 tanh, 1 σ, 2 exp; @param at values in place [count], a multiple of four */
export function applyMath(what: i32, at: usize, count: i32): void {
  const p4 = coefficient(P4), p3 = coefficient(P3), p2 = coefficient(P2), p1 = coefficient(P1);
  const p0 = coefficient(P0), q3 = coefficient(Q3), q2 = coefficient(Q2), q1 = coefficient(Q1);
  const q0 = coefficient(Q0), high = coefficient(HIGH), low = coefficient(LOW);
  const half = coefficient(HALF);
  for (const end = at + (<usize>count << 2); at < end; at += 16) {
    const x = v128.load(at);
    if (what == 0) v128.store(at, tanh4(x, p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low));
    else if (what == 1) v128.store(at, sigmoid4(x, p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low, half));
    else v128.store(at, exp4(x));
  }
}
