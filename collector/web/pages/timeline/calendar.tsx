import { type Due, type DueDay, weeksAhead } from '../../../present/due.ts';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import type { Router } from '../../route/router.ts';
import { counted } from '../../../wording/words.ts';

const weeks = 13;
/** Of one day: the soonest. */
const shown = 100;

interface CalendarProps {
  readonly dues: readonly Due[];
  readonly now: number;
  readonly router: Router;
}

/** Thirteen weeks, a row each: how many renew by themselves, and how many end unless somebody does something. A day opens to its names. */
export function Calendar({ dues, now, router }: CalendarProps) {
  const rows = weeksAhead(dues, now, weeks);
  const today = new Date(now).toISOString().slice(0, 10);
  const chosen = rows.flat().find(({ date }) => date === router.place.value.view.get('day'));
  const ends = rows.flat().reduce((sum, day) => sum + day.ends.length, 0);
  const renewals = rows.flat().reduce((sum, day) => sum + day.renewals.length, 0);
  return (
    <Section id="calendar" title="The next 13 weeks" count={`${counted(renewals, 'renewal')}, ${counted(ends, 'end')}`}>
      <p class="key">
        <span class="due renewal">2</span> renew by themselves <span class="due end">1</span> end, and nothing renews
        them
      </p>
      <table class="calendar">
        <caption class="unseen">Renewals and ends for each day, in UTC</caption>
        <thead>
          <tr>
            {['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((weekday) => (
              <th key={weekday} scope="col">
                {weekday}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((days) => (
            <tr key={days[0]?.date}>
              {days.map((day) => (
                <Day key={day.date} day={day} today={today} chosen={day === chosen} router={router} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {chosen && <Chosen day={chosen} />}
    </Section>
  );
}

interface DayProps {
  readonly day: DueDay;
  readonly today: string;
  readonly chosen: boolean;
  readonly router: Router;
}

function Day({ day: { date, renewals, ends }, today, chosen, router }: DayProps) {
  const number = Number(date.slice(8));
  const label =
    number === 1 || date === today ? `${number} ${months[Number(date.slice(5, 7)) - 1] ?? ''}` : `${number}`;
  const isEmpty = renewals.length === 0 && ends.length === 0;
  const kind = date < today ? 'gone' : date === today ? 'today' : '';
  if (isEmpty)
    return (
      <td class={kind}>
        <span class="date">{label}</span>
      </td>
    );
  const choose = () => router.look((view) => (chosen ? view.delete('day') : view.set('day', date)));
  return (
    <td class={kind}>
      <button type="button" aria-pressed={chosen} onClick={choose}>
        <span class="date">
          <span aria-hidden="true">{label}</span>
          <span class="unseen">{date}: </span>
        </span>
        {renewals.length > 0 && (
          <span class="due renewal">
            {renewals.length}
            <span class="unseen"> {renewals.length === 1 ? 'renews' : 'renew'} </span>
          </span>
        )}
        {ends.length > 0 && (
          <span class="due end">
            {ends.length}
            <span class="unseen"> {ends.length === 1 ? 'ends' : 'end'} </span>
          </span>
        )}
      </button>
    </td>
  );
}

function Chosen({ day: { date, renewals, ends } }: { day: DueDay }) {
  const all = [...ends, ...renewals];
  if (all.length === 0) return <Nothing>Nothing comes due on {date}.</Nothing>;
  return (
    <div class="chosen">
      <h3>{date}</h3>
      <ul>
        {all.slice(0, shown).map(({ what, at, leaf }) => (
          <li key={`${what} ${leaf.certificate.fingerprint}`}>
            <span class={`due ${what}`}>{what === 'end' ? 'ends' : 'renews'}</span>
            <time dateTime={new Date(at).toISOString()}>{new Date(at).toISOString().slice(11, 16)}</time>
            <b>
              <Raw text={leaf.name} limit={120} />
            </b>
            <span class="quiet">
              <Raw text={[leaf.authority, leaf.labels['owner']].filter(Boolean).join(', ')} limit={120} />
            </span>
          </li>
        ))}
      </ul>
      {all.length > shown && <p class="quiet">and {all.length - shown} more</p>}
    </div>
  );
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
