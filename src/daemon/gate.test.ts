import { describe, expect, it } from 'vitest';
import { PipelineGate } from './gate.ts';

describe('PipelineGate', () => {
  it('is open at first, closes at 64 batches on their way, and opens when one has left', async () => {
    const gate = new PipelineGate(() => 0, 10);
    for (let i = 0; i < 64; i++) {
      expect(gate.wait()).toBeUndefined();
      gate.entered();
    }
    const waiting = gate.wait();
    expect(waiting).toBeInstanceOf(Promise);
    expect(gate.wait()).toBe(waiting);
    gate.left();
    await waiting;
    expect(gate.wait()).toBeUndefined();
  });

  it('closes while points pile up, until the outbox has shrunk', async () => {
    let depth = 10;
    const gate = new PipelineGate(() => depth, 10);
    const waiting = gate.wait();
    gate.update();
    expect(gate.wait()).toBe(waiting);
    depth = 9;
    gate.update();
    await waiting;
    expect(gate.wait()).toBeUndefined();
  });

  it('is held when nothing is on its way, until all who hold it let go', async () => {
    const gate = new PipelineGate(() => 0, 10);
    gate.entered();
    gate.handedOver();
    let isHeld = false;
    const first = gate.hold().then((release) => {
      isHeld = true;
      return release;
    });
    const waiting = gate.wait();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isHeld).toBe(false);
    gate.left();
    const [one, other] = [await first, await gate.hold()];
    one();
    one();
    expect(gate.wait()).toBe(waiting);
    other();
    await waiting;
    expect(gate.wait()).toBeUndefined();
  });

  it('lets all through once it is released, as a stop does not wait for room', async () => {
    const gate = new PipelineGate(() => Number.POSITIVE_INFINITY, 10);
    const waiting = gate.wait();
    gate.release();
    await waiting;
    expect(gate.wait()).toBeUndefined();
  });

  it('is held shut until all who hold it let go, and only the firm are not overruled by a stop', async () => {
    const gate = new PipelineGate(() => 0, 10);
    gate.entered();
    gate.handedOver();
    let isIdle = false;
    const firm = gate.hold(true).then((release) => {
      isIdle = true;
      return release;
    });
    const weak = gate.hold();
    await Promise.resolve();
    expect(isIdle).toBe(false);
    gate.left();
    const [releaseFirm, releaseWeak] = [await firm, await weak];
    const waiting = gate.wait();
    expect(waiting).toBeDefined();
    gate.release();
    expect(gate.wait()).toBe(waiting);
    releaseFirm();
    releaseFirm();
    await waiting;
    expect([gate.wait(), gate.isHeld]).toEqual([undefined, true]);
    releaseWeak();
    expect(gate.isHeld).toBe(false);
  });
});
