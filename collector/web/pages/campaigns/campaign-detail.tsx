import { useSignal } from '@preact/signals';
import type { Me } from '../../../serve/action-bodies.ts';
import type { CampaignAnswer, CampaignShown, MemberShown } from '../../../serve/campaigns/views.ts';
import { useAsked } from '../../live/asked.ts';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { campaignTone, campaignWords, memberTone, placesWords, selectionWords } from '../../../wording/campaigns.ts';
import { Acts } from './acts.tsx';
import { Whose } from './plan-shown.tsx';

interface DetailProps {
  readonly id: string;
  readonly me: Me | undefined;
  readonly now: Now;
}

/** One that is over changes no more. */
const againMs = (answer: CampaignAnswer | undefined): number =>
  answer?.campaign.state === 'done' || answer?.campaign.state === 'aborted' ? 60_000 : 2_000;

/** One campaign: where it stands, wave by wave, and each lineage with its cause. */
export function CampaignDetail({ id, me, now }: DetailProps) {
  const { answer, failed } = useAsked<CampaignAnswer>(`/api/v1/campaigns/${encodeURIComponent(id)}`, 0, againMs).value;
  // What a press brought about is shown before it is asked for again.
  const pressed = useSignal<CampaignAnswer | undefined>(undefined);
  const shown = newer(answer, pressed.value);
  if (!shown)
    return (
      <Section id="campaign" title="Campaign" count="" isPage>
        <Nothing>
          {failed ? 'There is no such campaign, or the collector did not answer. ' : 'Asking for it… '}
          <a href="/campaigns">All campaigns</a>
        </Nothing>
      </Section>
    );
  const { campaign, members } = shown;
  const told = (next: CampaignAnswer): void => {
    pressed.value = next;
  };
  return (
    <>
      <Section
        id="campaign"
        title={selectionWords(campaign.selection)}
        count={`${campaign.served} of ${campaign.lineages} served`}
        isPage
      >
        <p class="campaign-state">
          <Mark tone={campaignTone(campaign)} word={campaignWords(campaign)} />{' '}
          {campaign.cause !== undefined && <Raw text={campaign.cause} limit={1000} />}
        </p>
        <p class="quiet">
          <Raw text={campaign.reason} limit={500} />, started <Moment instant={campaign.startedAt} now={now} /> by{' '}
          <Raw text={campaign.startedBy} limit={60} />. {placesWords(campaign)} <a href="/campaigns">All campaigns</a>
        </p>
        <Acts campaign={campaign} members={members} me={me} told={told} />
      </Section>
      <Section id="waves" title="Waves" count={`${campaign.waves.length}`}>
        <ol class="waves">
          {campaign.waves.map((wave) => (
            <Wave key={wave.wave} wave={wave} />
          ))}
        </ol>
      </Section>
      <Section id="members" title="Lineages" count={`${members.length}`}>
        <Table
          name="members"
          caption="Lineages in the order in which they are asked"
          columns={columns}
          rows={members}
          keyOf={({ number }) => `${number}`}
        />
      </Section>
    </>
  );
}

function newer(asked: CampaignAnswer | undefined, pressed: CampaignAnswer | undefined): CampaignAnswer | undefined {
  if (!asked || !pressed) return asked ?? pressed;
  return asked.campaign.changedAt >= pressed.campaign.changedAt ? asked : pressed;
}

function Wave({ wave }: { wave: CampaignShown['waves'][number] }) {
  const { owners, served, lineages, failed, skipped, asked } = wave;
  const whose = wave.wave === 1 ? 'the first one' : owners.join(', ') || 'nobody’s';
  const rest = [
    asked > 0 ? `${asked} in hand` : '',
    failed > 0 ? `${failed} failed` : '',
    skipped > 0 ? `${skipped} skipped` : '',
  ].filter(Boolean);
  return (
    <li>
      <span class="whose">
        {wave.wave}: <Raw text={whose} limit={100} />
      </span>
      <progress max={lineages} value={served} aria-label={`Wave ${wave.wave}, served`} />
      <span>
        {served} of {lineages} served{rest.length > 0 && `, ${rest.join(', ')}`}
      </span>
    </li>
  );
}

const columns: readonly Column<MemberShown>[] = [
  { title: 'Number', class: 'wave', cell: ({ number }) => number },
  { title: 'State', class: 'state', cell: ({ state }) => <Mark tone={memberTone[state]} word={state} /> },
  { title: 'Lineage', class: 'what', names: true, cell: (one) => <Whose {...one} /> },
  {
    title: 'Served',
    class: 'served',
    cell: ({ placesServed, placesLeft }) => `${placesServed} of ${placesLeft}`,
  },
  { title: 'Why', class: 'cause', cell: (one) => <Raw text={whyOf(one)} limit={600} /> },
];

/** Why it failed or waits; while it is in hand, where the old one is still presented. */
function whyOf({ cause, held, state, places }: MemberShown): string {
  if (cause !== undefined) return cause;
  if (held !== undefined) return held;
  if (state !== 'asked') return '';
  const open = places.filter((place) => place.state !== 'new' && place.state !== 'gone').map(({ where }) => where);
  return open.length === 0 ? '' : `still to come: ${open.slice(0, 3).join(', ')}${open.length > 3 ? ' and more' : ''}`;
}
