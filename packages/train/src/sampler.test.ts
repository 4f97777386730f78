import { describe, expect, it } from 'vitest';
import { tasksOfStep } from './sampler.js';
import { tinyTasks } from './testing.js';

describe('tasksOfStep', () => {
  it('shows every task once an epoch, in another order each time', () => {
    const tasks = tinyTasks(6);
    const seen = [1, 2, 3].flatMap((step) => tasksOfStep(tasks, step, 4, 1).map(({ id }) => id));
    const epochs = [seen.slice(0, 6), seen.slice(6)];
    for (const epoch of epochs) expect([...epoch].sort()).toEqual(tasks.map(({ id }) => id));
    expect(epochs[0]).not.toEqual(epochs[1]);
  });
});
