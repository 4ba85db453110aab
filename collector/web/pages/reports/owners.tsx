import type { Leaf } from '../../../present/leaves.ts';
import { sharePercent } from '../../../present/life.ts';
import { ownerRows } from '../../../present/owners.ts';
import { ownerSheet } from '../../../present/report.ts';
import { Download } from '../../parts/download.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Section } from '../../parts/section.tsx';
import { counted } from '../../../wording/words.ts';

/** Who has how many, and how many of them need somebody. */
export function Owners({ leaves, now }: { leaves: readonly Leaf[]; now: number }) {
  const rows = ownerRows(leaves, now);
  return (
    <Section
      id="owners"
      title="By owner"
      count={counted(rows.length, 'owner')}
      tools={<Download name="certificates-by-owner.csv" words="CSV" text={() => ownerSheet(rows)} />}
    >
      <div class="wide" role="group" aria-label="Certificates by owner, a table" tabIndex={0}>
        <table class="figures">
          <caption class="unseen">Certificates by owner, who has most to do first</caption>
          <thead>
            <tr>
              <th scope="col">Owner</th>
              <th scope="col">Team</th>
              <th scope="col">Certificates</th>
              <th scope="col">Ended</th>
              <th scope="col">Within 30 days</th>
              <th scope="col">By themselves</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ owner, team, certificates, ended, ending, automatic }) => (
              <tr key={JSON.stringify([owner, team])}>
                <th scope="row">{owner === '' ? 'nobody that is known' : <Raw text={owner} limit={80} />}</th>
                <td>
                  <Raw text={team} limit={80} />
                </td>
                <td>{certificates}</td>
                <td>{ended}</td>
                <td>{ending}</td>
                <td>
                  {automatic} <span class="quiet">{sharePercent(automatic / certificates)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
