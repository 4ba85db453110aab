import { useSignal } from '@preact/signals';
import type { Me } from '../../serve/action-bodies.ts';
import { answersTo } from '../../present/answers.ts';
import { mayChange } from '../../present/may.ts';
import type { Need } from '../../present/needs.ts';
import { type Change, sendChange } from '../live/change.ts';
import { Moment, type Now } from '../parts/moment.tsx';
import { Raw } from '../parts/raw.tsx';
import { AnswerForm } from './answer-form.tsx';
import type { Board } from './follow-answers.ts';

interface AnswerProps {
  readonly need: Need;
  readonly now: Now;
  readonly me: Me | undefined;
  readonly board: Board;
}

/** Who took it on, what is silent until when and why, and the way to say so. */
export function Answer({ need, now, me, board }: AnswerProps) {
  const { incident, silences } = answersTo(need, board.answers.value, now.value);
  const open = useSignal<'acknowledge' | 'silence' | undefined>(undefined);
  const says = useSignal('');
  const may = mayChange(me);
  const change = async (asked: Change): Promise<boolean> => {
    const sent = await sendChange(asked);
    says.value = sent.ok ? '' : `Nothing was changed: ${sent.why}`;
    board.again();
    return sent.ok;
  };
  const taken = incident?.acknowledged;
  if (!may && taken === undefined && silences.length === 0) return null;
  return (
    <div class="answers">
      {taken !== undefined && (
        <p>
          <b>Taken on</b> by <Raw text={taken.by} limit={100} />, <Moment instant={taken.at} now={now} />:{' '}
          <Raw text={taken.reason} limit={500} />{' '}
          {may && (
            <Undo
              words="Give it back"
              change={{ method: 'DELETE', path: `incidents/${incident?.id}/acknowledgement` }}
              ask={change}
            />
          )}
        </p>
      )}
      {silences.map((silence) => (
        <p key={silence.id}>
          <b>Silent</b>, ends <Moment instant={silence.until} now={now} />, by <Raw text={silence.by} limit={100} />:{' '}
          <Raw text={silence.reason} limit={500} />{' '}
          {may && <Undo words="End it" change={{ method: 'DELETE', path: `silences/${silence.id}` }} ask={change} />}
        </p>
      ))}
      {may && open.value === undefined && (
        <p class="ways">
          {incident !== undefined && taken === undefined && (
            <button type="button" onClick={() => (open.value = 'acknowledge')}>
              Take it on…
            </button>
          )}
          <button type="button" onClick={() => (open.value = 'silence')}>
            Silence…
          </button>
        </p>
      )}
      {may && open.value !== undefined && (
        <AnswerForm
          what={open.value}
          need={need}
          incident={incident}
          send={async (asked) => {
            if (await change(asked)) open.value = undefined;
          }}
          leave={() => (open.value = undefined)}
        />
      )}
      <output aria-live="polite">{says.value !== '' && <Raw text={says.value} limit={1000} />}</output>
    </div>
  );
}

interface UndoProps {
  readonly words: string;
  readonly change: Change;
  readonly ask: (change: Change) => Promise<boolean>;
}

function Undo({ words, change, ask }: UndoProps) {
  return (
    <button type="button" class="plain" onClick={() => void ask(change)}>
      {words}
    </button>
  );
}
