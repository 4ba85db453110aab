import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Board } from './follow-answers.ts';
import type { AnswerProps } from './answer.tsx';

/** How what needs a person is answered, and what was answered so far. */
export interface Answering {
  readonly Answer: ComponentType<AnswerProps>;
  readonly board: Board;
}

/** A part of its own, which comes once there is something to answer: the first view does not wait for it. */
export function useAnswering(wanted: boolean): Answering | undefined {
  const answering = useSignal<Answering | undefined>(undefined);
  useEffect(() => {
    if (!wanted) return undefined;
    let board: Board | undefined;
    let left = false;
    void import('./answer.tsx').then(
      ({ Answer, followAnswers }) => {
        if (left) return;
        board = followAnswers();
        answering.value = { Answer, board };
      },
      // The collector is away, or another version: what is found is shown without.
      () => {},
    );
    return () => {
      left = true;
      board?.stop();
      answering.value = undefined;
    };
  }, [wanted, answering]);
  return answering.value;
}
