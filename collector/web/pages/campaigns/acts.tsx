import { useSignal } from '@preact/signals';
import type { Me } from '../../../serve/action-bodies.ts';
import type { ActBody } from '../../../serve/campaigns/bodies.ts';
import type { CampaignAnswer, CampaignShown, MemberShown } from '../../../serve/campaigns/views.ts';
import { actOnCampaign } from '../../live/campaigns.ts';
import { Raw } from '../../parts/raw.tsx';
import { ReasonField } from '../../parts/reason-field.tsx';
import { Told } from '../../parts/told.tsx';

interface ActsProps {
  readonly campaign: CampaignShown;
  readonly members: readonly MemberShown[];
  readonly me: Me | undefined;
  readonly told: (answer: CampaignAnswer) => void;
}

type Wish = Pick<ActBody, 'act' | 'member'> & { readonly words: string };

/** What an operator may do with a campaign that is not over; each takes a reason. */
export function Acts({ campaign, members, me, told }: ActsProps) {
  const wish = useSignal<Wish | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const over = campaign.state === 'done' || campaign.state === 'aborted';
  if (over || (me?.role !== 'operator' && me?.role !== 'admin')) return null;
  const failed = members.filter(({ state }) => state === 'failed');
  const wishes: readonly Wish[] = [
    campaign.state === 'running' ? { act: 'pause', words: 'Pause' } : { act: 'resume', words: 'Resume' },
    { act: 'abort', words: 'Abort' },
    ...failed.map(
      ({ number, lineage, hostName }): Wish => ({
        act: 'skip',
        member: number,
        words: `Skip ${lineage} on ${hostName}`,
      }),
    ),
  ];
  const choose = (next: Wish | undefined): void => {
    failure.value = undefined;
    wish.value = next;
  };
  const act = async ({ act: what, member }: Wish, reason: string): Promise<void> => {
    const body: ActBody = { act: what, reason, ...(member !== undefined && { member }) };
    const answer = await actOnCampaign(campaign.id, body);
    if (answer.ok) {
      choose(undefined);
      told(answer.value);
    } else failure.value = answer.why;
  };
  return (
    <div class="asking">
      {wishes.map((one) => (
        <button key={one.words} type="button" onClick={() => choose(one)}>
          <Raw text={one.words} limit={100} />
        </button>
      ))}
      {wish.value !== undefined && (
        <Why key={wish.value.words} wish={wish.value} act={act} leave={() => choose(undefined)} />
      )}
      <Told outcome={failure.value === undefined ? undefined : { why: failure.value }} />
    </div>
  );
}

interface WhyProps {
  readonly wish: Wish;
  readonly act: (wish: Wish, reason: string) => Promise<void>;
  readonly leave: () => void;
}

function Why({ wish, act, leave }: WhyProps) {
  const reason = useSignal('');
  return (
    <form
      class="sure"
      onSubmit={(event) => {
        event.preventDefault();
        void act(wish, reason.value.trim());
      }}
    >
      <ReasonField name="act-reason" reason={reason} />
      <button type="submit" class="firm">
        <Raw text={wish.words} limit={100} /> now
      </button>
      <button type="button" onClick={leave}>
        Leave it
      </button>
    </form>
  );
}
