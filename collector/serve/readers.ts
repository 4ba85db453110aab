import type { Clock } from '../ports.ts';

/** Who waits for the estate. */
export interface Readers<T> {
  wait: () => Promise<T>;
  isEmpty: () => boolean;
  /** Those that wait now leave: they are answered by what is returned. */
  take: () => Pick<Reader<T>, 'resolve' | 'reject'>;
  /** Answers those that have waited this long (milliseconds), taken or not. */
  answerLate: (ms: number, answer: T) => void;
  /** Of those that nobody took. */
  rejectWaiting: (error: unknown) => void;
}

interface Reader<T> {
  since: number;
  resolve: (answer: T) => void;
  reject: (error: unknown) => void;
}

export function waitingReaders<T>(clock: Pick<Clock, 'monotonic'>): Readers<T> {
  let waiting: Reader<T>[] = [];
  let taken: Reader<T>[] = [];
  return {
    wait: () =>
      new Promise((resolve, reject) => {
        waiting.push({ since: clock.monotonic(), resolve, reject });
      }),
    isEmpty: () => waiting.length === 0,
    take() {
      taken = waiting;
      waiting = [];
      const all = (each: (reader: Reader<T>) => void) => {
        for (const reader of taken.splice(0)) each(reader);
      };
      return {
        resolve: (answer) => all(({ resolve }) => resolve(answer)),
        reject: (error) => all(({ reject }) => reject(error)),
      };
    },
    answerLate(ms, answer) {
      const isLate = ({ since }: Reader<T>) => clock.monotonic() - since >= ms;
      for (const { resolve } of [...taken, ...waiting].filter(isLate)) resolve(answer);
      taken = taken.filter((reader) => !isLate(reader));
      waiting = waiting.filter((reader) => !isLate(reader));
    },
    rejectWaiting(error) {
      for (const { reject } of waiting.splice(0)) reject(error);
    },
  };
}
