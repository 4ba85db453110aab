import { type AuthorityCost, letsEncrypt } from '../../../present/cost.ts';
import { costSheet } from '../../../present/report.ts';
import type { keptPrices } from '../../live/kept-prices.ts';
import { Download } from '../../parts/download.tsx';
import { PriceField } from '../../parts/price-field.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Section } from '../../parts/section.tsx';
import { counted, money } from '../../../wording/words.ts';

interface CostsProps {
  readonly costs: readonly AuthorityCost[];
  readonly kept: ReturnType<typeof keptPrices>;
}

/** By CA: how many, what they cost in a year, and what would be saved. */
export function Costs({ costs, kept: { prices, keep } }: CostsProps) {
  const total = (of: (cost: AuthorityCost) => number) => costs.reduce((sum, cost) => sum + of(cost), 0);
  const unpriced = costs.filter(({ basis }) => basis === 'none');
  const named = total((cost) => (cost.price ? cost.named : 0));
  const write = (authority: string, price: number | undefined): void => {
    const { [authority]: _, ...others } = prices.value.byAuthority;
    keep({ ...prices.value, byAuthority: price === undefined ? others : { ...others, [authority]: price } });
  };
  return (
    <Section
      id="costs"
      title="Certificates by CA"
      count={counted(costs.length, 'CA')}
      tools={<Download name="certificates-by-ca.csv" words="CSV" text={() => costSheet(costs)} />}
    >
      <div class="wide" role="group" aria-label="Certificates by CA, a table" tabIndex={0}>
        <table class="figures">
          <caption class="unseen">Certificates by CA, with what they cost in a year</caption>
          <thead>
            <tr>
              <th scope="col">CA</th>
              <th scope="col">Certificates</th>
              <th scope="col">Ended</th>
              <th scope="col">Within 30 days</th>
              <th scope="col">By themselves</th>
              <th scope="col">Price a year</th>
              <th scope="col">Yearly</th>
              <th scope="col">Let’s Encrypt saves</th>
            </tr>
          </thead>
          <tbody>
            {costs.map(({ authority, certificates, ended, ending, automatic, price, basis, yearly, saved }) => (
              <tr key={authority}>
                <th scope="row">
                  <Raw text={authority} limit={80} />
                </th>
                <td>{certificates}</td>
                <td>{ended}</td>
                <td>{ending}</td>
                <td>{automatic}</td>
                <td>
                  {authority === letsEncrypt ? (
                    'free'
                  ) : (
                    <PriceField
                      label={`Price of one certificate of ${authority} for a year`}
                      value={basis === 'written' ? price : undefined}
                      otherwise={price === undefined ? 'not known' : String(price)}
                      change={(next) => write(authority, next)}
                    />
                  )}
                </td>
                <td>{money(yearly)}</td>
                <td>{money(saved)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <td>{total(({ certificates }) => certificates)}</td>
              <td>{total(({ ended }) => ended)}</td>
              <td>{total(({ ending }) => ending)}</td>
              <td>{total(({ automatic }) => automatic)}</td>
              <td />
              <td>{money(total(({ yearly }) => yearly))}</td>
              <td>{money(total(({ saved }) => saved))}</td>
            </tr>
          </tfoot>
        </table>
      </div>
      <p class="quiet">
        Grey prices are the mean of what the imported list says (its column cost). What you write counts instead, stays
        in this browser, and is printed.
        {unpriced.length > 0 && ` ${counted(unpriced.length, 'CA')} without a price count as nothing.`}
        {named > 0 &&
          ` ${counted(named, 'certificate')} ${named === 1 ? 'names' : 'name'} an organisation: Let’s Encrypt issues none of these, so nothing is counted as saved.`}
      </p>
    </Section>
  );
}
