import { useSignal } from '@preact/signals';
import type { Me } from '../../serve/action-bodies.ts';
import type { Need, Needs as AllNeeds } from '../../present/needs.ts';
import { Answer } from '../answers/answer.tsx';
import type { Board } from '../answers/follow-answers.ts';
import { useAnswering } from '../answers/use-answering.ts';
import { AskButtons } from './ask-buttons.tsx';
import { CopyCommand } from './copy-command.tsx';
import { EvidenceList } from './evidence-list.tsx';
import { LabelList } from './label-list.tsx';
import { LifeBar } from './life-bar.tsx';
import { Mark } from './mark.tsx';
import { Moment, type Now } from './moment.tsx';
import { Raw } from './raw.tsx';
import { More } from './table.tsx';
import { printable } from '../../evaluate/printable.ts';
import { addressOf } from '../route/address.ts';
import { absolute } from '../../wording/duration.ts';
import { isSentence } from '../../wording/remedy.ts';
import { counted, severityTone } from '../../wording/words.ts';

const step = 20;

interface NeedsProps {
  readonly needs: AllNeeds;
  readonly now: Now;
  readonly me: Me | undefined;
}

/** What needs a person, most urgent first; notices apart and quieter. */
export function Needs({ needs: { pressing, notices }, now, me }: NeedsProps) {
  const limit = useSignal(step);
  const shown = pressing.slice(0, limit.value);
  const board = useAnswering(pressing.length > 0);
  return (
    <>
      <ol class="needs">
        {shown.map((need) => (
          <li key={need.key}>
            <NeedCard need={need} now={now} me={me} board={board} />
          </li>
        ))}
      </ol>
      <More
        shown={shown.length}
        total={pressing.length}
        ask={() => {
          limit.value += step;
        }}
      />
      {notices.length > 0 && (
        <details class="notices">
          <summary>{counted(notices.length, 'notice')}, for when there is time</summary>
          <ol class="needs">
            {notices.slice(0, 100).map((need) => (
              <li key={need.key}>
                <NeedCard need={need} now={now} me={me} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

interface NeedCardProps {
  readonly need: Need;
  readonly now: Now;
  readonly me: Me | undefined;
  /** undefined: nobody is told of it. */
  readonly board?: Board | undefined;
}

function NeedCard({ need, now, me, board }: NeedCardProps) {
  const { severity, agentId, hostName, name, cause, since, deadline, stale, code, labels, offers } = need;
  const place = placeOf(need);
  return (
    <article class={`need ${severityTone[severity]}`}>
      <p class="label">
        <Mark tone={severityTone[severity]} word={severity} />
        {code !== undefined && (
          <a class="quiet" href={`/findings#${code}`} title="what this finding means">
            {code}
          </a>
        )}
        {stale && <span class="stale">as it was at the last look</span>}
      </p>
      <h2>
        <span class="where">
          {name !== undefined && (
            <>
              <Raw text={name} /> <span class="quiet">on</span>{' '}
            </>
          )}
          {place === undefined ? (
            <Raw text={hostName} />
          ) : (
            <a href={place}>
              <Raw text={hostName} />
            </a>
          )}
          :
        </span>{' '}
        <Raw text={cause} limit={1000} />
      </h2>
      <p class="times">
        <span>
          since <Moment instant={since} now={now} /> <span class="quiet">({absolute(since)})</span>
        </span>
        {deadline !== undefined && (
          <span class="deadline">
            <span class="quiet">served certificate:</span> <LifeBar validity={deadline} now={now} />
          </span>
        )}
      </p>
      <LabelList labels={labels} />
      <Remedy need={need} />
      <AskButtons
        agentId={agentId}
        hostName={hostName}
        offers={offers}
        reason={`on the page: ${code ?? 'host'}, ${name ?? hostName}`.slice(0, 1000)}
        me={me}
      />
      {board && <Answer need={need} now={now} me={me} board={board} />}
      {need.evidence.length > 0 && <Evidence evidence={need.evidence} />}
    </article>
  );
}

/** Where more of it is shown, if anywhere. */
function placeOf({ agentId, code, campaign }: Need): string | undefined {
  if (campaign !== undefined) return addressOf('campaigns', campaign);
  if (agentId !== '') return addressOf('hosts', agentId);
  return code === 'unexpected-certificate' || code === 'log-not-read' ? addressOf('transparency') : undefined;
}

function Remedy({ need: { remedy, hostName, agentId } }: { need: Need }) {
  // What is of no host is mended where the collector is, and its commands say so.
  const place = agentId === '' ? {} : { where: hostName };
  if (remedy === '') return null;
  return (
    <div class="remedy">
      {isSentence(remedy) ? (
        <p>
          <span class="quiet">Remedy:</span> <Raw text={remedy} limit={8000} />
        </p>
      ) : (
        <CopyCommand command={remedy} {...place} label={`remedy on ${printable(hostName)}`} />
      )}
    </div>
  );
}

function Evidence({ evidence }: { evidence: Need['evidence'] }) {
  return (
    <details>
      <summary>What was compared</summary>
      <EvidenceList evidence={evidence} />
    </details>
  );
}
