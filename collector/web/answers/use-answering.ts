import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Board, followAnswers } from './follow-answers.ts';

/** What was answered, followed while there is something to answer. */
export function useAnswering(wanted: boolean): Board | undefined {
  const board = useSignal<Board | undefined>(undefined);
  useEffect(() => {
    if (!wanted) return undefined;
    const following = followAnswers();
    board.value = following;
    return () => {
      following.stop();
      board.value = undefined;
    };
  }, [wanted, board]);
  return board.value;
}
